#!/usr/bin/env python3
"""Real .tflite models in our runtime and in LiteRT's reference kernels (BUILTIN_REF): every output byte equal, for every instruction set
of this CPU and at two batch sizes, on random and on real images; for one image, what every single operator gives; the arena's size.
Integer models under profile xnnpack against LiteRT's default: every output byte equal.

Usage: runtime_models_test.py WORK_FOLDER TOOL   (tests/tools/liteqat_run_tflite.cc)
"""
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness

try:
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    import litert
except ImportError as missing:
    harness.skip(f"{missing}; run scripts/setup --tests for the oracle packages")

MODELS = harness.SHARED / "models"
# model, how real CIFAR-10 pixels become its input (None: random only), images
CASES = [
    ("mlperf_tiny_resnet8_cifar10_int8", lambda pixels: (pixels.astype(np.int16) - 128).astype(np.int8), 40),
    ("mlperf_tiny_resnet8_cifar10_float", lambda pixels: pixels.astype(np.float32), 40),
    ("bench_mobilenet_v2_cifar88m_int8", lambda pixels: (pixels.astype(np.int16) - 128).astype(np.int8), 10),
    ("bench_mobilenet_v2_keras32_int8", lambda pixels: (pixels.astype(np.int16) - 128).astype(np.int8), 40),
    ("case_study_qat_int8", lambda pixels: pixels.astype(np.float32) / np.float32(255), 40),
    ("coral_mobilenet_v2_1.0_224_ptq", None, 2),
    ("coral_mobilenet_v2_1.0_224_quant", None, 2),
]
# Models of integers, and how many inputs they are compared on under xnnpack.
XNNPACK_CASES = [
    ("mlperf_tiny_resnet8_cifar10_int8", 300),
    ("bench_mobilenet_v2_keras32_int8", 40),
    ("bench_mobilenet_v2_cifar88m_int8", 4),
    ("case_study_qat_int8", 100),
    ("coral_mobilenet_v2_1.0_224_ptq", 1),
]


def isas():
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    available = ["reference"]
    if "avx2" in flags and "fma" in flags:
        available.append("avx2")
    if all(flag in flags for flag in ("avx512f", "avx512bw", "avx512dq", "avx512vl")):
        available.append("avx512")
        if "avx512_vnni" in flags:
            available.append("avx512vnni")
    return available


def litert_layers(model, image):
    """What every operator gives for one image, in execution order."""
    interpreter = Interpreter(str(model), experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1,
                              experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[None])
    interpreter.invoke()
    return [interpreter.get_tensor(op["outputs"][0]) for op in interpreter._get_ops_details()]


def random_inputs(details, count, rng):
    shape = (count, *details["shape"][1:])
    if details["dtype"] is np.float32:
        return rng.normal(0, 2, shape).astype(np.float32)
    info = np.iinfo(details["dtype"])
    return rng.integers(info.min, info.max + 1, shape).astype(details["dtype"])


def our_outputs(tool, work, model, inputs, isa, batch, *options):
    np.save(work / "in.npy", inputs)
    subprocess.run([tool, str(model), work / "in.npy", work / "out.npy", "--isa", isa, "--batch", str(batch), *options], check=True)
    return np.load(work / "out.npy")


def check_arena(tool, work, model, name, image):
    np.save(work / "in.npy", image[None])
    command = [tool, str(model), work / "in.npy", work / "out.npy", "--steps"]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    arena, peak = map(int, re.search(r"arena (\d+) live peak (\d+)", listing).groups())
    assert arena <= 1.03 * peak, f"{name}: arena {arena} bytes, the largest sum alive at once is {peak}"
    print(f"{name}: arena {arena} bytes, live peak {peak}")


def check_layers(tool, work, model, name, image):
    expected = litert_layers(model, image)
    for isa in isas():
        our_outputs(tool, work, model, image[None], isa, 1, "--layers", str(work / "layer_"))
        total = 0
        for index, layer in enumerate(expected):
            ours = np.load(work / f"layer_{index}.npy")
            assert ours.dtype == layer.dtype and ours.shape == layer.shape, (name, index, ours.shape, layer.shape)
            different = int((ours.view(np.uint8) != layer.view(np.uint8)).sum())
            assert different == 0, f"{name}, {isa}: {different} of {ours.nbytes} bytes of operator {index} differ"
            total += ours.nbytes
        print(f"{name}: {isa}: all {len(expected)} operators equal, {total} bytes")


def check(tool, work, model, name, inputs):
    expected = litert.run(model, inputs)
    variants = [(isa, 8) for isa in isas() if isa != "reference"] + [("reference", 1)]
    for isa, batch in variants:
        some = len(inputs) if isa != "reference" else max(2, len(inputs) // 8)
        ours = our_outputs(tool, work, model, inputs[:some], isa, batch)
        different = int((ours.view(np.uint8) != expected[:some].view(np.uint8)).sum())
        assert ours.dtype == expected.dtype and ours.shape == expected[:some].shape, (name, ours.dtype, ours.shape)
        assert different == 0, f"{name}, {isa}, batch {batch}: {different} of {ours.nbytes} bytes differ"
        print(f"{name}: {some} inputs, {isa}, batch {batch}: {ours.nbytes} bytes equal")


def check_xnnpack(tool, work, name, count, rng, pixels):
    """Random inputs; for CIFAR-10's ResNet-8 test images instead, where they are at hand."""
    model = MODELS / f"{name}.tflite"
    inputs = random_inputs(Interpreter(str(model)).get_input_details()[0], count, rng)
    if "resnet8" in name and pixels is not None:
        inputs = (pixels[:count].astype(np.int16) - 128).astype(np.int8)
    expected = litert.run(model, inputs, "xnnpack")
    for isa in isas():
        some = 4 if isa == "reference" else count
        ours = our_outputs(tool, work, model, inputs[:some], isa, 1, "--arithmetic", "xnnpack")
        different = int((ours.view(np.uint8) != expected[:some].view(np.uint8)).sum())
        assert ours.dtype == expected.dtype and ours.shape == expected[:some].shape, (name, ours.dtype, ours.shape)
        assert different == 0, f"{name}, xnnpack, {isa}: {different} of {ours.nbytes} bytes differ"
        print(f"{name}: {len(ours)} inputs under xnnpack, {isa}: {ours.nbytes} bytes equal")


def main():
    work, tool = pathlib.Path(sys.argv[1]) / "runtime_models", sys.argv[2]
    work.mkdir(parents=True, exist_ok=True)
    if not MODELS.is_dir():
        harness.skip(f"no models in {MODELS} (LITEQAT_SHARED names the folder)")
    pixels = harness.read_cifar10_test()[0] if harness.CIFAR10.is_dir() else None
    rng = np.random.default_rng(int(os.environ.get("LITEQAT_SEED", "1")))
    for name, to_input, count in CASES:
        model = MODELS / f"{name}.tflite"
        details = Interpreter(str(model)).get_input_details()[0]
        check_arena(tool, work, model, name, random_inputs(details, 1, rng)[0])
        check_layers(tool, work, model, name, random_inputs(details, 1, rng)[0])
        check(tool, work, model, f"{name} random", random_inputs(details, count, rng))
        if to_input is not None and pixels is not None:
            check(tool, work, model, f"{name} real", to_input(pixels[:count]))
    for name, count in XNNPACK_CASES:
        check_xnnpack(tool, work, name, count, rng, pixels)


if __name__ == "__main__":
    main()
