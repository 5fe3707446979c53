#!/usr/bin/env python3
"""Faults inside models and trainings, on MNIST: .tflite files edited as broken converters leave them, wrong calibrations, unsettled statistics.

model_faults_test.py WORK_FOLDER EDIT_TFLITE"""
import pathlib
import shutil
import sys

from injection import Table, audit, edit, harness, list_operators, np, write_mnist
from training_mode import predict

WORK, TOOL = pathlib.Path(sys.argv[1]) / "model_faults", sys.argv[2]
TRAIN, TEST = 6000, 1000
BROKEN, ANY = {"problem"}, {"problem", "doubt"}


def split(prefix, count):
    return harness.read_idx(f"{prefix}-images-idx3-ubyte.gz")[:count], harness.read_idx(f"{prefix}-labels-idx1-ubyte.gz")[:count]


def train(name, recipe, data, *settings):
    harness.run("run", recipe, "--data", data, "-o", WORK / name, "-q", *[part for x in settings for part in ("--set", x)])
    return WORK / name


def edited_models(table, run, data):
    pair = [run / "float32.tflite", run / "ptq_int8.tflite"]
    kinds = [kind for kind, _ in list_operators(TOOL, pair[1])]
    convs = [i for i, kind in enumerate(kinds) if kind == "CONV_2D"]
    depthwise, dense, stem = kinds.index("DEPTHWISE_CONV_2D"), kinds.index("FULLY_CONNECTED"), kinds.index("QUANTIZE")
    record = audit(*pair, "--data", data)
    assert not [x for x in record["findings"] if x["verdict"] == "problem"], "the model is sound before it is edited"
    faults = [
        ("activation scale of one layer 20 times too small", {"quant.saturation"}, BROKEN, convs[1], ("scale", convs[1], 0.05)),
        ("activation scale of one layer 4 times too small", {"quant.saturation"}, ANY, convs[0], ("scale", convs[0], 0.25)),
        ("activation scale of one layer 100 times too large", {"quant.layer_sqnr", "quant.dead_channels"}, ANY, convs[2], ("scale", convs[2], 100)),
        ("a quarter of a layer's channels zeroed", {"quant.dead_channels"}, ANY, convs[1], ("channels", convs[1], 0, 8)),
        ("one channel zeroed", {"quant.dead_channels"}, ANY, convs[0], ("channels", convs[0], 3, 4)),
        ("bias dropped", {"quant.layer_sqnr", "quant.dead_channels"}, ANY, convs[1], ("no_bias", convs[1])),
        ("zero point of the input wrong", {"quant.saturation"}, ANY, stem, ("zero_point", stem, 128)),
        ("weights rotated by one channel", {"quant.layer_sqnr", "quant.dead_channels"}, ANY, convs[1], ("shuffle", convs[1])),
    ]
    for fault, checks, verdicts, operator, words in faults:
        edit(TOOL, pair[1], WORK / "ptq_int8.tflite", *words)
        table.expect(fault, checks, verdicts, pair[0], WORK / "ptq_int8.tflite", "--data", data, operator=operator)
    # Channels of very different size: BN folded into a depthwise layer makes them; here channel after channel is halved before one scale is forced.
    edit(TOOL, pair[1], WORK / "uneven.tflite", "uneven", depthwise, 1.15)
    edit(TOOL, WORK / "uneven.tflite", WORK / "ptq_int8.tflite", "per_tensor", depthwise)
    table.expect("depthwise weights of very different channels under one scale", {"quant.layer_sqnr", "quant.dead_channels"}, ANY, pair[0], WORK / "ptq_int8.tflite",
                 "--data", data, operator=depthwise)
    table.expect("the same, without the float model", set(), set(), WORK / "ptq_int8.tflite", "--data", data, says="one scale serves channels of very different size")
    edit(TOOL, pair[1], WORK / "ptq_int8.tflite", "channels", convs[0], 3, 4)
    table.expect("one channel zeroed, without the float model", {"quant.dead_channels"}, {"doubt"}, WORK / "ptq_int8.tflite", "--data", data, operator=convs[0])
    edit(TOOL, pair[1], WORK / "ptq_int8.tflite", "no_bias", convs[1])
    table.expect("bias dropped, without the float model", set(), set(), WORK / "ptq_int8.tflite", "--data", data, says="cannot be seen without the float model")


def calibrations(table, run, data, splits):
    images, labels = splits["train"]
    for name, pixels in (("black", images * 0), ("16 times darker", images // 16), ("white", images * 0 + 255)):
        folder = write_mnist(WORK / "calibration", {"train": (pixels.astype(np.uint8), labels), "t10k": splits["t10k"]})
        harness.run("convert", run / "float.safetensors", "-o", WORK / "ptq_int8.tflite", "--type", "int8", "--calibrate", folder, "--calibration-images", 200, "-q")
        table.expect(f"calibrated on {name} images", {"training.range_not_converged", "quant.saturation", "quant.dead_channels"}, ANY, run / "float32.tflite",
                     WORK / "ptq_int8.tflite", "--data", data)


def trainings(table, data):
    run = train("batch_norm", "mnist", data, "model.batch_norm_momentum=0.9999", "train.images=2000", "train.epochs=4", "qat.epochs=1", "qat.images=500", "qat.control=false")
    table.expect("batch norm momentum 0.9999 and 64 steps", {"training.batch_norm_state"}, BROKEN, run, "--data", data)
    run = train("extra", "mnist_guide", data, "train.images=300", "qat.epochs=12", "qat.images=5000", "qat.batch_size=50", "qat.control=true")
    table.expect("quantized model trained far longer, with the matched control", {"training.extra_epochs"}, {"doubt"}, run, "--data", data)
    few = write_mnist(WORK / "few", {"train": split("train", TRAIN), "t10k": split("t10k", 100)})
    np.save(WORK / "float.npy", harness.read_idx("t10k-labels-idx1-ubyte.gz")[:100])
    table.expect("100 test images for a gap of a point", {"noise.underpowered"}, {"doubt"}, run / "float32.tflite", run / "ptq_int8.tflite", "--data", few)


def training_mode(table, run, data, splits):
    """Batch normalization left in training mode: the figure it prints, and the answers it writes. NumPy computes both."""
    images, labels = splits["t10k"]
    for batch in (32, 128):
        scores = predict(run / "float.safetensors", images[..., None] / 255, batch)
        right = float((scores.argmax(1) == labels).mean())
        table.expect(f"evaluated in training mode, {batch} images at a time", {"training.batch_norm_state"}, ANY, run, "--data", data, "--claimed", f"float accuracy: {right!r}")
    np.save(WORK / "float32.npy", scores)
    table.expect("answers of training mode as the model's", {"training.batch_norm_state"}, ANY, run, "--data", data, "--predictions", WORK / "float32.npy")
    pair = [run / "float32.tflite", "--predictions", WORK / "float32.npy"]
    table.expect("the same, without the run", set(), set(), *pair, "--data", data, says="Do the moving statistics of batch normalization fit the network that was trained?")


def truncation(table, run):
    """An integer input made by a cast instead of rounding. Images up to 204 set the scale, so that a code is 0.8 of a pixel: on 0..255 both ways would give the same codes."""
    dim = {prefix: ((images.astype(int) * 4 // 5).astype(np.uint8), labels) for prefix, (images, labels) in (("train", split("train", 500)), ("t10k", split("t10k", 10000)))}
    data = write_mnist(WORK / "dim", dim)
    images, labels = dim["t10k"]
    model = WORK / "cast_int8.tflite"
    harness.run("convert", run / "float.safetensors", "-o", model, "--type", "int8", "--io", "int8", "--calibrate", data, "--calibration-images", 500, "-q")
    scale = np.float32(int(dim["train"][0].max()) / 255) / np.float32(255)
    codes = {}
    for name, to_code in (("rounded", np.round), ("cast", np.trunc)):
        exact = images.astype(np.float32)[..., None] / np.float32(255) / scale + np.float32(-128)
        codes[name] = to_code(exact).clip(-128, 127).astype(np.int8)
        np.save(WORK / "codes.npy", codes[name])
        harness.run("predict", model, WORK / "codes.npy", "-o", WORK / f"{name}.npy", "--raw", "-q")
    answers = {name: np.load(WORK / f"{name}.npy").reshape(len(labels), -1).argmax(1) for name in codes}
    right = {name: int((a == labels).sum()) for name, a in answers.items()}
    print("right answers:", right, "images that change:", int((answers["cast"] != answers["rounded"]).sum()), flush=True)
    assert right["cast"] != right["rounded"], "this material cannot tell a cast from rounding"
    table.expect("input codes cut off by a cast", {"input.truncated_quantization"}, ANY, model, "--data", data, "--claimed", f"test accuracy: {right['cast'] / len(labels)!r}")
    np.save(WORK / "cast_int8.npy", answers["cast"])
    table.expect("answers to input codes cut off by a cast", {"input.truncated_quantization"}, ANY, model, "--data", data, "--predictions", WORK / "cast_int8.npy")


def ranges(table, run, data):
    """TFMOT's ranges start at +-6 and move by a thousandth a step."""
    harness.run("run", "mnist", "--data", data, "-o", WORK / "ranges", "--pretrained", run / "float.safetensors", "-q", "--set", 'qat.scheme="tfmot_8bit"', "--set",
                "qat.images=256", "--set", "qat.control=false")
    table.expect("ranges of QAT after two steps", {"training.range_not_converged"}, ANY, WORK / "ranges", "--data", data)


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    splits = {"train": split("train", TRAIN), "t10k": split("t10k", TEST)}
    data = write_mnist(WORK / "data", splits)
    run = train("run", "mnist", data, "train.epochs=3", "train.batch_size=64", "qat.epochs=1", "qat.images=1000", "qat.control=false")
    table = Table("MNIST, depthwise-separable network")
    edited_models(table, run, data)
    calibrations(table, run, data, splits)
    training_mode(table, run, data, splits)
    truncation(table, run)
    ranges(table, run, data)
    trainings(table, data)
    table.finish(WORK.parent / "model-faults.json")


main()
