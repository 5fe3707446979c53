""".tflite models as sources: a float one trains and is quantized as the model it came from, float16 comes back bit for bit, integer ones become
float graphs that answer as their codes do, and what cannot be used ends in a sentence.

tflite_import_test.py WORK_FOLDER"""
import json
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracle"))
import harness

try:
    import numpy as np
    import litert
except ImportError as fault:
    harness.skip(f"the oracle environment lacks {fault.name} (scripts/setup --tests makes it)")

MODELS = harness.SHARED / "models"
KERAS, FLOAT, INT8 = (MODELS / f"mlperf_tiny_resnet8_cifar10{suffix}" for suffix in (".h5", "_float.tflite", "_int8.tflite"))
if not KERAS.exists() or not (harness.CIFAR10 / "test_batch.bin").exists():
    harness.skip(f"{KERAS} or CIFAR-10 is missing (LITEQAT_SHARED names the folder above)")

work = pathlib.Path(sys.argv[1]) / "tflite_import"
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)
IMAGES, LABELS = harness.read_cifar10_test()
# Ten layers of sums of at most 576 products in another order, logits below 40, a softmax that moves by half of that (convert_test.py).
BOUND = 10 * 576 * 2**-24 * 40 / 2


def convert(source, name, *flags):
    harness.run("convert", source, "-o", work / name, "--pixels", "0..255", "--quiet", *flags)
    return work / name


def predict(model, inputs, *flags):
    np.save(work / "in.npy", inputs)
    harness.run("predict", model, work / "in.npy", "-o", work / "out.npy", "--quiet", *flags)
    return np.load(work / "out.npy")


def train(command, name, *flags):
    """A run without a training step: the float model as it was taken in."""
    harness.run(*command, "--data", harness.CIFAR10, "--limit-images", 200, "--set", "train.epochs=0", "--set", "data.mean=[0]", "--set",
                "data.std=[1]", "-o", work / name, "--quiet", *flags)
    return work / name


# The float .tflite as a training graph: on all test images LiteRT's answers (XNNPACK's, twenty times as fast as the reference kernels'), but
# for margins under the bound.
trained = train(["train", "cifar10_resnet8", "--set", "model.architecture=file", "--weights", FLOAT], "taken") / "float.safetensors"
written = convert(trained, "taken.tflite")
ours, theirs = predict(written, IMAGES.astype(np.float32), "--raw"), litert.run(FLOAT, IMAGES.astype(np.float32), "xnnpack")
assert np.abs(ours - theirs).max() <= BOUND, np.abs(ours - theirs).max()
differing = np.flatnonzero(ours.argmax(1) != theirs.argmax(1))
margins = np.sort(theirs, 1)[:, -1] - np.sort(theirs, 1)[:, -2]
assert np.all(margins[differing] <= 2 * BOUND), differing
assert (theirs.argmax(1) == LABELS).sum() == 8719

# QAT starts from it: one epoch on few images is no worse than a bad one, and the exported file is integer inside.
run = work / "qat"
harness.run("qat", "cifar10_resnet8", "--from", FLOAT, "--data", harness.CIFAR10, "--limit-images", 500, "--set", "qat.epochs=1", "--set",
            "qat.images=6400", "-o", run, "--quiet")
exported = convert(run / "qat.safetensors", "qat_int8.tflite", "--type", "int8")
harness.run("eval", exported, "--data", harness.CIFAR10, "--json", work / "eval.json", "--pixels", "0..255", "--quiet")
correct = json.loads((work / "eval.json").read_text())["metrics"][0]["correct"]
assert correct >= 8300, f"{correct}: the float model has 8719"

# Post-training quantization of a .tflite is that of the model it was written from, byte for byte.
calibrate = ["--type", "int8", "--calibrate", harness.CIFAR10, "--calibration-images", 50]
assert convert(KERAS, "keras.tflite", *calibrate).read_bytes() == convert(convert(KERAS, "f32.tflite"), "again.tflite", *calibrate).read_bytes()

# float16 in and out again: the same file; its float32 form gives the same outputs.
half = convert(KERAS, "half.tflite", "--type", "float16")
assert convert(half, "half_again.tflite", "--type", "float16").read_bytes() == half.read_bytes()
assert np.array_equal(predict(convert(half, "widened.tflite"), IMAGES[:64], "--pixels", "0..255"),
                      predict(half, IMAGES[:64], "--pixels", "0..255"))

# Integer models as float ones. The codes decide as their values do on nearly all images; a wrong scale or layout leaves a tenth.
harness.run("convert", INT8, "-o", work / "x.tflite", expect=3)
real = convert(INT8, "real.tflite", "--dequantize")
codes = predict(INT8, IMAGES[:2000], "--pixels", "0..255")
agreement = (predict(real, IMAGES[:2000].astype(np.float32), "--raw").argmax(1) == codes.argmax(1)).mean()
assert agreement > 0.97, agreement
assert np.array_equal(litert.run(real, IMAGES[:16].astype(np.float32)).argmax(1), predict(real, IMAGES[:16].astype(np.float32), "--raw").argmax(1))
train(["train", "cifar10_resnet8", "--set", "model.architecture=file", "--weights", real], "from_integers")

# A Keras file brings its network in the same way.
kept = train(["train", "cifar10_resnet8", "--set", "model.architecture=file", "--weights", KERAS], "from_keras") / "float.safetensors"
assert np.array_equal(predict(convert(kept, "kept.tflite"), IMAGES[:64], "--pixels", "0..255"), predict(KERAS, IMAGES[:64], "--pixels", "0..255"))

rng = np.random.default_rng(3)
smooth = rng.integers(0, 256, (4, 8, 8, 3)).astype(np.uint8).repeat(28, 1).repeat(28, 2)  # blocks of colour, 224 x 224
for name in ("coral_mobilenet_v2_1.0_224_ptq", "coral_mobilenet_v2_1.0_224_quant"):  # int8 with uint8 ends; uint8 throughout
    real = convert(MODELS / f"{name}.tflite", f"{name}.tflite", "--dequantize")
    wanted, found = predict(MODELS / f"{name}.tflite", smooth), predict(real, smooth)
    correlation = [np.corrcoef(a, b)[0, 1] for a, b in zip(wanted, found)]
    assert min(correlation) > 0.8, (name, correlation)
for name in ("bench_mobilenet_v2_cifar88m", "bench_mobilenet_v2_keras32"):
    real = convert(MODELS / f"{name}_int8.tflite", f"{name}.tflite", "--dequantize")
    # Trained on noise, they answer every image alike: within one and a half steps of the output's codes.
    wanted, found = (predict(model, IMAGES[:8], "--pixels", "0..1") for model in (MODELS / f"{name}_int8.tflite", real))
    assert np.abs(wanted - found).max() <= 1.5 * 0.0469, name

# What cannot be used is named.
for flags, model, said in (([], INT8, "--dequantize"), ([], harness.ROOT / "tests/golden/ptq/operators.tflite", "data set needs")):
    _, message = harness.run("train", "cifar10_resnet8", "--set", "model.architecture=file", "--weights", model, "--data", harness.CIFAR10, "-o",
                             work / "refused", "--fresh", "--quiet", expect=3)
    assert said in message and str(model) in message and message.count("\n") == 1, message
assert "float32 already" in harness.run("convert", FLOAT, "-o", work / "x.tflite", "--dequantize", expect=2)[1]
print(f"float, float16 and integer .tflite models as sources: {len(differing)} of 10,000 predictions differ from LiteRT's, all within the bound")
