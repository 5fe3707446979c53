"""qat.layers and qat.skip: layers that stay in float or have one scale, in training with fake quantization, in the exported file, in the record, and what is refused.
layers_test.py WORK_FOLDER"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracle"))
import harness

try:
    import numpy as np
    import litert
except ImportError as fault:
    harness.skip(f"the oracle environment lacks {fault.name} (scripts/setup --tests makes it)")

work = pathlib.Path(sys.argv[1]) / "layers"
work.mkdir(parents=True, exist_ok=True)
IMAGES = 300


def train(name, *options, expect=0, keys=()):
    folder = work / name
    settings = ("train.epochs=1", "qat.epochs=1", "qat.control=false", "qat.calibration_images=40", *keys)
    output = harness.run("run", "mnist", "--data", harness.MNIST, "--limit-images", IMAGES, "--quiet", "--fresh", "-o", folder, *options,
                         *(word for key in settings for word in ("--set", key)), expect=expect)
    return folder, output


def inspect(model):
    return json.loads(harness.run("inspect", model, "--layers", "--json", "-")[0])


plain, _ = train("plain")
layers = [layer for layer in inspect(plain / "qat_int8.tflite")["layers"] if layer["operator"] not in ("QUANTIZE", "DEQUANTIZE")]
convolutions = [layer["name"] for layer in layers if layer["operator"] == "CONV_2D"]
assert len(convolutions) >= 2, layers
spared, single = convolutions[0], convolutions[1]

overrides = work / "layers.toml"
overrides.write_text(f'[[layer]]\nname = "{single}"\nper_channel = false\n')
mixed, _ = train("mixed", "--layers", overrides, "--skip", spared)
model = inspect(mixed / "qat_int8.tflite")
tensors = model["tensors"]
weights = {layer["name"].removesuffix("_float"): tensors[layer["inputs"][1]] for layer in model["layers"] if layer["operator"] == "CONV_2D"}
assert weights[spared]["type"] == "float32", weights[spared]
assert weights[single]["type"] == "int8" and len(weights[single]["scale"]) == 1, weights[single]
assert all(entry["type"] == "int8" for name, entry in weights.items() if name != spared), weights

record = json.loads((mixed / "run.json").read_text())
left = next(entry for entry in record["models"] if entry["model"] == "qat_int8")["float_layers"]
assert [entry for entry in left if entry["op"] == "CONV_2D" and spared.startswith(entry["name"]) and entry["reason"] == "asked for"], left
calibration = record["calibration"]
assert calibration["images"] == 40 and "first 40 of 300" in calibration["rule"] and calibration["overlap"] == 0 and len(calibration["sha256"]) == 64, calibration
assert f"in float: CONV_2D {left[0]['name']} (asked for)" in (mixed / "report.html").read_text()

# LiteRT's reference kernels: a float convolution, sums in the same order, between integers.
inputs = (harness.read_idx("t10k-images-idx3-ubyte.gz")[:200, :, :, None] / np.float32(255)).astype(np.float32)
np.save(work / "inputs.npy", inputs)
harness.run("predict", mixed / "qat_int8.tflite", work / "inputs.npy", "-o", work / "outputs.npy", "--raw")
ours, theirs = np.load(work / "outputs.npy"), litert.run(mixed / "qat_int8.tflite", inputs)
assert np.array_equal(ours, theirs) and len(np.unique(ours, axis=0)) > 50, f"{np.sum(ours != theirs)} of {ours.size} outputs differ from LiteRT's"

# What is evaluated is the exported file: the same answers from it alone; and the trained model, which rounds as deployed, seldom differs.
answers = np.load(mixed / "predictions/qat_int8.npy")
trained = np.load(mixed / "predictions/qat.npy")
same = (answers.argmax(axis=1) == trained.argmax(axis=1)).mean() if answers.ndim == 2 else (answers == trained).mean()
assert same > 0.97, same
harness.run("convert", mixed / "qat.safetensors", "-o", work / "again.tflite", "--type", "int8")
assert (work / "again.tflite").read_bytes() == (mixed / "qat_int8.tflite").read_bytes()

# A run's record and its audit stand without the file; another text in it is another run, and one begun with it is not gone on with.
overrides.rename(work / "moved.toml")
harness.run("audit", mixed, "--quick", "--json", "-", "-q")
overrides.write_text(f'[[layer]]\nname = "{single}"\nper_channel = true\n')
_, said = harness.run("run", mixed / "recipe.toml", "--data", harness.MNIST, "-o", mixed, "--quiet", expect=3)
assert "was changed since the run began" in said, said

# The file that is made of the stored model is the one that the run exported, under the other scheme too: it has one range for depthwise weights by itself.
tfmot, _ = train("tfmot", keys=("qat.scheme=tfmot_8bit",))
harness.run("convert", tfmot / "qat.safetensors", "-o", work / "tfmot.tflite", "--type", "int8")
assert (work / "tfmot.tflite").read_bytes() == (tfmot / "qat_int8.tflite").read_bytes()

# After training, by the same file.
(work / "moved.toml").rename(overrides)
harness.run("convert", mixed / "float.safetensors", "-o", work / "ptq.tflite", "--type", "int8", "--calibrate", harness.MNIST, "--calibration-images", 40,
            "--layers", overrides, "--skip", spared)
model = inspect(work / "ptq.tflite")
weights = {layer["name"]: model["tensors"][layer["inputs"][1]] for layer in model["layers"] if layer["operator"] == "CONV_2D"}
assert weights[spared]["type"] == "float32" and len(weights[single]["scale"]) == 1, weights

_, (_, said) = train("refused", "--skip", "no_such_layer", expect=3)
assert "no_such_layer" in said and "did you mean" in said, said
wide = work / "wide.toml"
wide.write_text(f'[[layer]]\nname = "{single}"\ntype = "int16x8"\n')
_, (_, said) = train("wide", "--layers", wide, expect=3)
assert "int16x8" in said and "convert" in said, said
print(f"{spared} in float and {single} with one scale: {same:.3f} of the answers as trained, the same file again from the stored model")
