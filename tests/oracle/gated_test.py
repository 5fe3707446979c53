#!/usr/bin/env python3
"""Recipe mnist_gated (dilated convolutions, hard swish, sigmoid, product, concatenation, dropout, AdamW, clipping, averages, cutout, learned
ranges) trained a few steps in float and quantization-aware, both ways of its forward; its .tflite files against LiteRT: the int8 answers
and the float32 ones byte for byte. gated_test.py WORK_FOLDER"""
import json
import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import harness

try:
    import numpy as np

    import litert
except ImportError as missing:
    harness.skip(f"{missing}; run scripts/setup for the oracle packages")

IMAGES = 100
MEAN, STD = np.float32(33.3), np.float32(78.6)  # as the recipe has them

work = pathlib.Path(sys.argv[1]) / "gated"
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)
data = work / "data"
harness.run("data", "make", "--format", "mnist", "-o", data, "--train", "700", "--test", IMAGES)
SHORT = ["--quiet", "--data", data, "--set", "train.epochs=2", "--set", "qat.epochs=1", "--set", "qat.calibration_images=100", "--set",
         "qat.control=false", "--set", "train.batch_size=32"]


def read_images():
    import gzip
    raw = (data / "t10k-images-idx3-ubyte.gz")
    content = gzip.open(raw).read() if raw.exists() else (data / "t10k-images-idx3-ubyte").read_bytes()
    return np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28, 1)


inputs = (read_images().astype(np.float32) - MEAN) / STD
assert len(inputs) == IMAGES


def check(folder, model):
    """int8 answers are codes times one scale, so equal floats are equal codes; float32 kernels add as LiteRT's reference kernels do."""
    ours = np.load(folder / f"predictions/{model}.npy")
    theirs = litert.run(folder / f"{model}.tflite", inputs)
    assert ours.dtype == theirs.dtype == np.float32 and ours.shape == theirs.shape, (ours.shape, theirs.shape)
    assert ours.tobytes() == theirs.tobytes(), f"{folder.name}: {(ours != theirs).sum()} of {ours.size} answers of {model} differ from LiteRT's"
    assert len(np.unique(ours)) > 20, "the answers say nothing"


def kinds(folder, model):
    text, _ = harness.run("inspect", folder / model)
    return text


fake_quant = work / "fake_quant"
harness.run("run", "mnist_gated", *SHORT, "-o", fake_quant)
listing = kinds(fake_quant, "qat_int8.tflite")
for kind in ("HARD_SWISH", "LOGISTIC", "MUL", "CONCATENATION", "QUANTIZE", "DEPTHWISE_CONV_2D"):
    assert kind in listing, f"{kind} is missing:\n{listing}"
assert "DROPOUT" not in listing, listing
check(fake_quant, "qat_int8")
check(fake_quant, "float32")


def read_tensors(path):
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8:8 + size])
    header.pop("__metadata__", None)
    return {name: content[8 + size + entry["data_offsets"][0]:8 + size + entry["data_offsets"][1]] for name, entry in header.items()}


# What is stored, and with it evaluated and converted, are the averages that the last checkpoint keeps beside the weights.
stored, checkpoint = read_tensors(fake_quant / "float.safetensors"), read_tensors(fake_quant / "checkpoints/float-epoch-0002.safetensors")
averages = {name.partition("average/")[2]: value for name, value in checkpoint.items() if "average/" in name}
assert len(averages) > 10, sorted(checkpoint)
for name, value in averages.items():
    assert stored[name] == value, f"{name} in float.safetensors is not the average"
assert sum(checkpoint[name] != value for name, value in averages.items()) > 10, "averages cannot be told from weights here"
record = json.loads((fake_quant / "run.json").read_text())
for line in ('optimizer = "adamw"', "clip_norm = 2.0", "ema_decay = 0.99", "dropout = 0.1", "cutout = 6", 'ranges = "learned"'):
    assert line in record["recipe_text"], f"run.json does not say {line}"

integer = work / "integer"
harness.run("run", "mnist_gated", *SHORT, "-o", integer, "--set", "qat.forward=integer", "--set", "qat.ranges=ema", "--set",
            f"model.pretrained={fake_quant / 'float.safetensors'}")
check(integer, "qat_int8")
print(f"{IMAGES} images: float32 and int8 equal to LiteRT, after fake quantization and after training on integers")
