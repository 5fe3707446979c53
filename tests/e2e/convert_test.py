"""convert in every export type: LiteRT opens the file and gives our runtime's outputs, the size is TensorFlow's to 2 % + 2 KB, minmax calibration
gives the scales and zero points of TensorFlow's converter; calibration tables, overrides, known answers.

convert_test.py WORK_FOLDER     (reference figures: tests/golden/ptq, made by tools/make_ptq_references.py)"""
import json
import pathlib
import re
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

GOLDEN = harness.ROOT / "tests/golden/ptq"
RESNET = harness.SHARED / "models/mlperf_tiny_resnet8_cifar10.h5"
if not RESNET.exists() or not (harness.CIFAR10 / "test_batch.bin").exists():
    harness.skip(f"{RESNET} or CIFAR-10 is missing (LITEQAT_SHARED names the folder above)")

work = pathlib.Path(sys.argv[1]) / "convert"
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)

FLAGS = {"int8_int8": ["--type", "int8", "--io", "int8"], "int8_uint8": ["--type", "int8", "--io", "uint8"],
         "int8_per_tensor": ["--type", "int8", "--per-tensor"]}
PIXELS = ["--pixels", "0..255"]
CALIBRATE = ["--calibrate", harness.CIFAR10, "--calibration-images", 100, "--calibration-order", "first", *PIXELS]
# What TensorFlow's converter does: extremes of all images, weights to nearest.
PLAIN = ["--calibrator", "minmax", "--rounding", "nearest", "--no-bias-correction"]
IMAGES = harness.read_cifar10_test()[0][:16]


def convert(source, name, *flags):
    model = work / f"{name}.tflite"
    out, _ = harness.run("convert", source, "-o", model, *flags, "--quiet", "--json", "-")
    return model, json.loads(out)


def as_input(kind):
    if kind == "int8_int8":
        return (IMAGES.astype(np.int16) - 128).astype(np.int8)
    return IMAGES if kind == "int8_uint8" else IMAGES.astype(np.float32)


def predict(model, inputs):
    np.save(work / "in.npy", inputs)
    harness.run("predict", model, work / "in.npy", "-o", work / "out.npy", "--raw", "--quiet")
    return np.load(work / "out.npy")


# Ten layers of sums of at most 576 products, in another order: a relative error of 576 * 2^-24 of each sum at most. Logits stay below 40, and a
# softmax moves by half of what its logits do at most.
FLOAT_BOUND = 10 * 576 * 2**-24 * 40 / 2


def check_against_litert(model, kind):
    inputs = as_input(kind)
    ours, theirs = predict(model, inputs), litert.run(model, inputs)
    assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
    assert len({row.tobytes() for row in ours}) > 4, f"{model.name}: outputs that say nothing"
    if kind.startswith("int"):
        assert np.array_equal(ours, theirs), f"{model.name}: {np.sum(ours != theirs)} of {ours.size} outputs differ from LiteRT's reference kernels"
    else:
        assert np.abs(ours - theirs).max() <= FLOAT_BOUND, f"{model.name}: {np.abs(ours - theirs).max()}"


sizes = json.loads((GOLDEN / "sizes.json").read_text())
for kind in [key.split(".")[1] for key in sizes if key.startswith("resnet8.")]:
    calibrated = kind.startswith("int")
    model, _ = convert(RESNET, f"resnet8_{kind}", *FLAGS.get(kind, ["--type", kind]), *(CALIBRATE + PLAIN if calibrated else PIXELS))
    size, theirs = model.stat().st_size, sizes[f"resnet8.{kind}"]
    assert abs(size - theirs) <= 0.02 * theirs + 2048, f"{kind}: {size} bytes, TensorFlow writes {theirs}"
    check_against_litert(model, kind)
    operators, _ = convert(GOLDEN / "operators.tflite", f"operators_{kind}", *FLAGS.get(kind, ["--type", kind]), *(CALIBRATE if calibrated else []))
    if not kind.startswith("int8_"):  # log-softmax and softmax in one output: its integer scale is float's at the end
        check_against_litert(operators, kind)

# Scales and zero points. Two differ, and must: the second and third shortcut, which TensorFlow's calibrator reads after the ADD has overwritten
# them in place, so that it takes the sum's range in.
OVERWRITTEN = [7, 11]
# TensorFlow folds batch norm with an approximated root: one last bit there, one in each of two products, half of one in the division by 127.
WEIGHT_BOUND = 3.5 * 2**-23
ACTIVATION_BOUND = 576 * 2**-24  # the longest sum, in another order
inspected = json.loads(harness.run("inspect", work / "resnet8_int8.tflite", "--layers", "--json", "-")[0])
tensors = {tensor["id"]: tensor for tensor in inspected["tensors"]}
expected = json.loads((GOLDEN / "resnet8.json").read_text())
assert [layer["operator"] for layer in inspected["layers"]] == [row["op"] for row in expected]
compared = 0
for index, (layer, row) in enumerate(zip(inspected["layers"], expected)):
    for which, bound in (("output", ACTIVATION_BOUND), ("weights", WEIGHT_BOUND)):
        if which not in row:
            continue
        tensor = tensors[layer["outputs"][0] if which == "output" else layer["inputs"][1]]
        found, wanted = np.array(tensor["scale"]), np.array(row[which]["scale"])
        close = found.shape == wanted.shape and np.all(np.abs(found - wanted) <= bound * wanted)
        same = close and tensor["zero_point"] == row[which]["zero_point"]
        assert same == (not (which == "output" and index in OVERWRITTEN)), f"operator {index}, {row['op']}, {which}: {found} for {wanted}"
        compared += found.size
assert compared > 300

# The default method keeps ResNet-8 within 0.002 of its float model, which has 8,719 of the 10,000 test images.
default, _ = convert(RESNET, "default", "--type", "int8", "--calibrate", harness.CIFAR10, *PIXELS)
metric = json.loads(harness.run("eval", default, "--data", harness.CIFAR10, *PIXELS, "--quiet", "--json", "-")[0])["metrics"][0]
assert metric["total"] == 10000 and metric["correct"] >= 8719 - 20, metric

# A table that is written, edited and read back decides; the default method on the same images is recorded.
table = work / "ranges.toml"
_, first = convert(RESNET, "first", "--type", "int8", *CALIBRATE, "--ranges", table)
_, again = convert(RESNET, "again", "--type", "int8", *CALIBRATE, "--ranges", table)
assert first["ranges"] == "calibration" and again["ranges"] == "file"
assert (work / "first.tflite").read_bytes() == (work / "again.tflite").read_bytes()
rows = table.read_text().splitlines()
rows[6] = rows[6].split(" = ")[0] + " = [0.0, 1.0]"  # the third activation behind the header's lines
table.write_text("\n".join(rows) + "\n")
_, edited = convert(RESNET, "edited", "--type", "int8", *CALIBRATE, "--ranges", table)
assert (work / "first.tflite").read_bytes() != (work / "edited.tflite").read_bytes()
assert first["calibration"]["images"] == 100 and len(first["calibration"]["sha256"]) == 64
table.write_text("[ranges]\n\"nothing\" = [0.0, 1.0]\n")
assert "nothing" in harness.run("convert", RESNET, "-o", work / "x.tflite", "--type", "int8", *CALIBRATE, "--ranges", table, expect=3)[1]

# Overrides: one layer in 16 bits, one in float, which is listed; the mixed model runs as in LiteRT.
(work / "layers.toml").write_text('[[layer]]\nname = "conv2d_4"\ntype = "int16x8"\n\n[[layer]]\nop = "SOFTMAX"\ntype = "float32"\n')
mixed, record = convert(RESNET, "mixed", "--type", "int8", *CALIBRATE, "--layers", work / "layers.toml")
types = {layer["name"]: layer["type"] for layer in record["layers"]}
assert types["conv2d_4"] == "int16" and types["conv2d_3"] == "int8"
assert [layer["op"] for layer in record["float_layers"]] == ["SOFTMAX"]
ours, theirs = predict(mixed, as_input("int8")), litert.run(mixed, as_input("int8"))
assert np.abs(ours - theirs).max() <= 4 * 2**-23, "the float SOFTMAX of equal codes: a few last bits of exp"

# Sensitivity and mixed precision: a step for every layer spared, sizes rise, the written file is the last step's.
_, record = convert(RESNET, "spared", "--type", "int8", *CALIBRATE, "--mixed", "int16x8", "--mixed-layers", 2)
steps = record["trade_off"]
assert [step["spared"] for step in steps] == [0, 1, 2] and steps[2]["sqnr_db"] > steps[0]["sqnr_db"]
assert steps[1]["layer"] == record["sensitivity"][0]["name"] and len(record["sensitivity"]) == 10

# Known answers and the C array.
model, _ = convert(RESNET, "vectors", "--type", "int8", "--io", "int8", *CALIBRATE, "--vectors", work / "vectors", "--c-array", work / "net.h")
inputs, outputs = np.load(work / "vectors/inputs.npy"), np.load(work / "vectors/outputs.npy")
assert inputs.dtype == np.int8 and len(inputs) == 4 and np.array_equal(litert.run(model, inputs), outputs)
listed = re.search(r"net\[\] = \{(.*)\};\nstatic const unsigned int net_len = (\d+);", (work / "net.h").read_text(), re.S)
assert bytes(int(byte, 16) for byte in listed[1].replace(",", " ").split()) == model.read_bytes() and int(listed[2]) == model.stat().st_size
header = (work / "vectors/vectors.h").read_text()
numbers = re.search(r"known_outputs\[4\]\[10\] = \{(.*?)\};", header, re.S)[1]
assert [int(number) for number in numbers.replace(",", " ").split()] == outputs.ravel().tolist()
# What differs between two files of the same model: the bytes, one tensor's scale and what follows from it; nothing between a file and itself.
differences = json.loads(harness.run("inspect", work / "first.tflite", "--diff", work / "edited.tflite", "--json", "-")[0])
assert differences["operators"] == 18 and any(d["what"] == "output 0 scale" for d in differences["differences"])
assert "no difference" in harness.run("inspect", work / "first.tflite", "--diff", work / "again.tflite")[0]
print(f"{compared} scales as TensorFlow's; every type as LiteRT; tables, overrides, mixed precision, known answers")
