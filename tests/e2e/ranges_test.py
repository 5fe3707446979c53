"""qat.ranges = "calibrated": activations keep the ranges that quantizing after training finds, on integers and with fake quantization, while
weights train; with "ema" they move. ranges_test.py WORK_FOLDER"""
import json
import pathlib
import sys

import harness

work = pathlib.Path(sys.argv[1])
IMAGES = 40


def scales(model):
    """Scale and zero point of every activation by name."""
    tensors = json.loads(harness.run("inspect", model, "--layers", "--json", "-")[0])["tensors"]
    return {tensor["name"]: (tensor["scale"], tensor["zero_point"]) for tensor in tensors if tensor["place"] == "arena" and tensor["type"] == "int8"}


def train(name, *settings):
    folder = work / name
    keys = ("train.epochs=1", "qat.epochs=1", "qat.control=false", f"qat.calibration_images={IMAGES}", *settings)
    harness.run("run", "mnist", "--data", harness.MNIST, "--limit-images", 600, "--quiet", "--fresh", "-o", folder,
                *(word for key in keys for word in ("--set", key)))
    return folder


integer = train("integer", "qat.ranges=calibrated", "qat.forward=integer")
harness.run("convert", integer / "float.safetensors", "-o", work / "ptq.tflite", "--type", "int8", "--calibrate", harness.MNIST, "--calibration-images", IMAGES,
            "--calibration-order", "first", "--rounding", "nearest", "--no-bias-correction")
expected = scales(work / "ptq.tflite")
assert len(expected) >= 5, expected
for folder in (integer, train("fake_quant", "qat.ranges=calibrated", "qat.forward=fake_quant")):
    found = scales(folder / "qat_int8.tflite")
    assert found == expected, f"{folder.name}: {found}\nexpected {expected}"
    assert (folder / "qat_int8.tflite").read_bytes() != (work / "ptq.tflite").read_bytes(), f"{folder.name}: the weights did not train"
moved = scales(train("ema", "qat.ranges=ema", "qat.forward=integer") / "qat_int8.tflite")
assert moved.keys() == expected.keys() and sum(moved[name] != expected[name] for name in expected) >= 3, moved
print(f"{len(expected)} activations keep the scales of quantizing after training, on integers and with fake quantization")
