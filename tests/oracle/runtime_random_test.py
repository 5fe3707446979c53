#!/usr/bin/env python3
"""Random small .tflite models of one family (tests/tools/liteqat_random_models.cc) with odd shapes, strides, paddings and zero points: our
kernels and those that the profile names give equal bytes in every output.

Usage: runtime_random_test.py WORK_FOLDER TOOL FAMILY MODELS [PROFILE]   MODELS of each kind of the family; LITEQAT_SEED: the first seed

  litert-reference (default)  LiteRT's reference kernels (BUILTIN_REF)
  tflite-reference            those of tflite-runtime 2.14.0 (build/oracle_tflite); models of newer operator versions are passed over
  xnnpack                     LiteRT's default; compared where XNNPACK takes the whole model and all its tensors are 8-bit or all are float32
"""
import collections
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness

PROFILE = sys.argv[5] if len(sys.argv) > 5 else "litert-reference"
if PROFILE == "tflite-reference":
    PYTHON = os.environ.get("LITEQAT_ORACLE_TFLITE_PYTHON", str(pathlib.Path(__file__).resolve().parents[2] / "build/oracle_tflite/bin/python"))
    if not os.path.exists(PYTHON):
        harness.skip(f"no {PYTHON}; run scripts/setup --tests for the oracle packages")
    if os.path.realpath(sys.prefix) != os.path.realpath(pathlib.Path(PYTHON).parents[1]):
        os.execv(PYTHON, [PYTHON, *sys.argv])

try:
    import numpy as np
    if PROFILE == "tflite-reference":
        from tflite_runtime.interpreter import Interpreter, OpResolverType
    else:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
except ImportError as missing:
    harness.skip(f"{missing}; run scripts/setup --tests for the oracle packages")

RESOLVER = OpResolverType.AUTO if PROFILE == "xnnpack" else OpResolverType.BUILTIN_REF


# In the reference resolver's version range a few operators lack what its kernels have (DEPTH_TO_SPACE of int8, version 2): the same
# kernels of the default resolver are asked then, without its delegate.
RESOLVERS = [OpResolverType.BUILTIN_REF, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES]


def open_model(path):
    for resolver in RESOLVERS:
        try:
            return Interpreter(str(path), num_threads=1, experimental_op_resolver_type=resolver)
        except ValueError as error:
            if "Didn't find op for builtin opcode" not in str(error) or resolver == RESOLVERS[-1]:
                raise


def load(work, seed, what, count):
    return [np.load(work / f"{seed}_{what}{k}.npy") for k in range(count)]


def run_reference(interpreter, inputs):
    """Every output for every sample, samples on a new first axis."""
    sources, targets = interpreter.get_input_details(), interpreter.get_output_details()
    outputs = [[] for _ in targets]
    for sample in range(len(inputs[0])):
        for source, values in zip(sources, inputs):
            assert values.dtype == source["dtype"], f"our input is {values.dtype}, LiteRT's {source['dtype']}"
            interpreter.set_tensor(source["index"], values[sample])
        interpreter.invoke()
        for output, target in zip(outputs, targets):
            output.append(interpreter.get_tensor(target["index"]).copy())
    return [np.array(output) for output in outputs]


def different_bytes(ours, theirs):
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype, f"ours {ours.dtype} {ours.shape}, LiteRT's {theirs.dtype} {theirs.shape}"
    return int((np.ascontiguousarray(ours).reshape(-1).view(np.uint8) != np.ascontiguousarray(theirs).reshape(-1).view(np.uint8)).sum())


def make_interpreter(path):
    """None where the profile's runtime has nothing to compare with: see the top."""
    if PROFILE == "litert-reference":
        return open_model(path)
    try:
        interpreter = Interpreter(str(path), num_threads=1, experimental_op_resolver_type=RESOLVER)
    except ValueError as error:
        if PROFILE == "tflite-reference" and "Didn't find op" in str(error):
            return None
        raise
    if PROFILE == "tflite-reference" and interpreter._get_ops_details()[0]["op_name"] == "FULLY_CONNECTED":
        scales = max(len(each["quantization_parameters"]["scales"]) for each in interpreter.get_tensor_details())
        if scales > 1:  # a scale per channel: 2.14.0 takes the model and computes garbage, 2.17 is the first to know it
            return None
    if PROFILE == "xnnpack":
        interpreter.allocate_tensors()
        details = interpreter._get_ops_details()
        delegated = {op["index"] for op in details if op["op_name"] == "DELEGATE"}
        types = {each["dtype"] for each in interpreter.get_input_details() + interpreter.get_output_details()}
        eight_bits = types <= {np.int8, np.uint8}
        floats = types == {np.float32} and not any(each["dtype"] is np.int8 for each in interpreter.get_tensor_details())  # hybrid
        if len(delegated) != 1 or not (eight_bits or floats) or interpreter._get_ops_details()[-1]["op_name"] != "DELEGATE":
            return None
    return interpreter


def main():
    tool, family = sys.argv[2], sys.argv[3]
    work = pathlib.Path(sys.argv[1]) / f"runtime_random_{family}_{PROFILE}"
    kinds = int(subprocess.run([tool, family], check=True, capture_output=True, text=True).stdout)
    first, models = int(os.environ.get("LITEQAT_SEED", "1000")), int(sys.argv[4]) * kinds
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    subprocess.run([tool, str(work), family, str(first), str(models), PROFILE], check=True)
    seen, failures, total, passed_over = collections.Counter(), [], 0, 0
    for seed in range(first, first + models):
        interpreter = make_interpreter(work / f"{seed}.tflite")
        if interpreter is None:
            passed_over += 1
            continue
        operators = [op["op_name"] for op in interpreter._get_ops_details()]
        inputs = load(work, seed, "in", len(interpreter.get_input_details()))
        ours = load(work, seed, "out", len(interpreter.get_output_details()))
        what = f"seed {seed} ({' '.join(operators)}, {inputs[0].dtype} {inputs[0].shape[1:]})"
        try:
            interpreter.allocate_tensors()
            theirs = run_reference(interpreter, inputs)
            different = sum(map(different_bytes, ours, theirs))
        except (AssertionError, RuntimeError, ValueError) as error:
            failures.append(f"{what}: {error}")
            continue
        seen.update(f"{name} {ours[0].dtype}" for name in operators)
        total += sum(output.nbytes for output in ours)
        if different:
            failures.append(f"{what}: {different} of {sum(output.nbytes for output in ours)} bytes differ")
    print(f"family {family}, {PROFILE}: {models} models ({passed_over} passed over), {total} bytes; operators by type of the first output:")
    assert passed_over < models, "nothing was compared"
    for name, count in sorted(seen.items()):
        print(f"  {name}: {count}")
    assert not failures, f"{len(failures)} of {models} models:\n" + "\n".join(failures[:50])


if __name__ == "__main__":
    main()
