#!/usr/bin/env python3
"""audit --isolate: the operator alone, run on its stored inputs, gives the stored quantized output byte for byte, in our runtime
(predict --raw) and in LiteRT's reference kernels; the float output is the same operator's without quantization, so it lies near.

Usage: isolate_test.py WORK_FOLDER
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness

try:
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
except ImportError as missing:
    harness.skip(f"{missing}; run scripts/setup --tests for the oracle packages")

ARRAYS = ("output_quantized", "output_float")


def run_litert(folder):
    interpreter = Interpreter(str(folder / "operator.tflite"), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    details = interpreter.get_input_details()
    paths = [folder / "input.npy"] if len(details) == 1 else [folder / f"input_{i}.npy" for i in range(len(details))]
    inputs = [np.load(path) for path in paths]
    outputs = []
    for image in range(len(inputs[0])):
        for detail, stacked in zip(details, inputs):
            interpreter.set_tensor(detail["index"], stacked[image].reshape(detail["shape"]))
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).copy())
    return np.concatenate(outputs), interpreter.get_output_details()[0]["quantization"]


def check(folder, expected_images=16):
    quantized, real = (np.load(folder / f"{name}.npy") for name in ARRAYS)
    assert len(quantized) == expected_images and quantized.shape == real.shape and real.dtype == np.float32
    ours = folder / "ours.npy"
    if (folder / "input.npy").exists():
        harness.run("predict", folder / "operator.tflite", folder / "input.npy", "-o", ours, "--raw")
        assert (np.load(ours).reshape(quantized.shape) == quantized).all(), f"{folder}: our runtime gives other bytes"
    theirs, (scale, zero_point) = run_litert(folder)
    assert theirs.dtype == quantized.dtype and (theirs.reshape(quantized.shape) == quantized).all(), f"{folder}: LiteRT gives other bytes"
    correlation = np.corrcoef((quantized.astype(np.float64) - zero_point).ravel() * scale, real.ravel().astype(np.float64))[0, 1]
    # It may be the operator that breaks; on a sound model it is still the same function of the same images.
    assert correlation > 0.5, f"{folder}: quantized and float output have a correlation of {correlation}"


def main():
    work = pathlib.Path(sys.argv[1]) / "isolate"
    work.mkdir(parents=True, exist_ok=True)
    run = work / "run"
    harness.run("run", "mnist_guide", "-o", run, "--fresh", "--limit-images", "2000")
    harness.run("audit", run, "--isolate", work / "guide")
    check(work / "guide")
    model = harness.SHARED / "models/mlperf_tiny_resnet8_cifar10_int8.tflite"
    if not model.exists() or not harness.CIFAR10.exists():
        print("the operator of MNIST's network alone gives its bytes; SKIPPED ResNet-8: no CIFAR-10 here")
        return
    few = work / "cifar"
    few.mkdir(exist_ok=True)
    for name in ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"):
        stored = (harness.CIFAR10 / f"{name}.bin").read_bytes()
        (few / f"{name}.bin").write_bytes(stored[: 3073 * 40])
    harness.run("audit", model, "--data", few, "--isolate", work / "resnet8")
    check(work / "resnet8")
    print("one operator alone gives its model's bytes, here and in LiteRT")


main()
