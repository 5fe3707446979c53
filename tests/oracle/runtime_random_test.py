#!/usr/bin/env python3
"""Random small .tflite models, every operator of our runtime with odd shapes, strides, paddings and zero points: our reference kernels and
LiteRT's (BUILTIN_REF) give equal bytes, int8 and float32.

Usage: runtime_random_test.py WORK_FOLDER TOOL   (tests/tools/liteqat_random_models.cc); LITEQAT_SEED sets the first seed
"""
import collections
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness

try:
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    import litert
except ImportError as missing:
    harness.skip(f"{missing}; run scripts/setup --tests for the oracle packages")

MODELS = 400


def main():
    work, tool = pathlib.Path(sys.argv[1]) / "runtime_random", sys.argv[2]
    first = int(os.environ.get("LITEQAT_SEED", "1000"))
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    subprocess.run([tool, str(work), str(first), str(MODELS)], check=True)
    seen, failures, total = collections.Counter(), [], 0
    for seed in range(first, first + MODELS):
        model = work / f"{seed}.tflite"
        inputs, ours = np.load(work / f"{seed}_in.npy"), np.load(work / f"{seed}_out.npy")
        expected = litert.run(model, inputs)
        operators = [op["op_name"] for op in Interpreter(str(model))._get_ops_details() if op["op_name"] != "DELEGATE"]
        seen.update(f"{name} {ours.dtype}" for name in operators)
        assert ours.shape == expected.shape and ours.dtype == expected.dtype, (seed, ours.shape, expected.shape)
        different = int((ours.view(np.uint8) != np.ascontiguousarray(expected).view(np.uint8)).sum())
        total += ours.nbytes
        if different:
            failures.append(f"seed {seed}: {different} of {ours.nbytes} bytes differ: {' '.join(operators)}")
    print(f"{MODELS} models, {total} bytes; operators by output type:")
    for name, count in sorted(seen.items()):
        print(f"  {name}: {count}")
    assert not failures, "\n".join(failures)


if __name__ == "__main__":
    main()
