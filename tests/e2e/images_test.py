#!/usr/bin/env python3
"""One's own images through every command: a folder per class, a manifest and arrays give the answers of the same pixels in CIFAR-10's files.

Usage: images_test.py WORK_FOLDER
"""
import json
import os
import pathlib
import shutil
import struct
import sys
import zlib

sys.path.insert(0, os.path.dirname(__file__))
import harness

try:
    import numpy as np
except ImportError as missing:
    harness.skip(f"{missing}; run scripts/setup --tests for the oracle packages")

NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def write_png(path, pixels):
    """RGB, 8 bits."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def read_cifar(path):
    records = np.frombuffer(path.read_bytes(), np.uint8).reshape(-1, 3073)
    return records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).copy(), records[:, 0].astype(np.int64)


def make_forms(work):
    """The same images as CIFAR-10's files, as folders, as a manifest and as arrays."""
    harness.run("data", "make", "-o", work / "cifar", "--format", "cifar10", "--train", 200, "--test", 60)
    (work / "cifar/batches.meta.txt").write_text("\n".join(NAMES) + "\n")
    train = [read_cifar(work / f"cifar/data_batch_{i}.bin") for i in range(1, 6)]
    splits = {"train": tuple(np.concatenate(part) for part in zip(*train)), "test": read_cifar(work / "cifar/test_batch.bin")}
    rows = ["path,label,split"]
    for split, (images, labels) in splits.items():
        for index, (image, label) in enumerate(zip(images, labels)):
            file = f"{split}/{NAMES[label]}/{index:04}.png"
            write_png(work / "folder" / file, image)
            rows.append(f"{file},{NAMES[label]},{split}")
    (work / "folder/all.csv").write_text("\n".join(rows) + "\n")
    (work / "arrays").mkdir()
    for split, (images, labels) in splits.items():
        np.save(work / f"arrays/x_{split}.npy", images)
        np.save(work / f"arrays/y_{split}.npy", labels.reshape(-1, 1))
    (work / "arrays/labels.txt").write_text("\n".join(NAMES) + "\n")
    return splits


RECIPE = """
name = "own"
[data]
dataset = "{dataset}"
size = {size}
[model]
architecture = "resnet8"
[train]
epochs = 1
[qat]
epochs = 1
control = false
calibration_images = 50
"""


def check_training(work):
    (work / "own.toml").write_text(RECIPE.format(dataset="images", size=24))
    harness.run("run", work / "own.toml", "--data", work / "folder", "-o", work / "run")
    record = json.loads((work / "run/run.json").read_text())
    assert record["images"] == {"kind": "image_folder", "height": 24, "width": 24, "channels": "rgb", "resize": "pillow", "fit": "stretch",
                                "labels": "by place"}, record["images"]
    assert record["data"]["train"]["count"] == 200 and record["class_names"] == NAMES
    _, wrong = harness.run("run", work / "own.toml", "--data", work / "cifar", "-o", work / "other", expect=3)
    assert "holds cifar10, recipe 'own' wants images (data.dataset)" in wrong, wrong
    return work / "run/qat_int8.tflite"


def metric(text):
    return [(m["correct"], m["total"]) for m in json.loads(text)["metrics"]]


def check_answers(work, splits):
    """Every image's own scores, whatever form it comes in: float32, in which no two images share them."""
    def answers(form):
        harness.run("eval", work / "run32/float32.tflite", "--data", work / form, "--predictions", work / "scores")
        return np.load(work / "scores/float32.npy")
    expected = answers("cifar")
    assert len(np.unique(expected, axis=0)) == len(expected)
    for form in ("folder/all.csv", "arrays"):
        assert (answers(form) == expected).all(), form
    by_class = np.argsort(splits["test"][1], kind="stable")
    assert (answers("folder") == expected[by_class]).all()


def check_evaluation(work, splits):
    """The same model, the same pixels: the same count from every form."""
    harness.run("run", "mnist_guide", "--set", "name=own32", "--set", "data.dataset=cifar10", "--set", "model.architecture=resnet8", "--set",
                "train.epochs=1", "--set", "export.types=['float32','ptq_int8']", "--data", work / "cifar", "-o", work / "run32")
    model = work / "run32/ptq_int8.tflite"
    check_answers(work, splits)
    expected = metric(harness.run("eval", model, "--data", work / "cifar", "--json", "-")[0])
    for form in ("folder", "folder/all.csv", "arrays"):
        found = harness.run("eval", model, "--data", work / form, "--json", "-", "--predictions", work / "answers")[0]
        assert metric(found) == expected, (form, found)
        labels = np.load(work / "answers/labels.npy")
        if form == "folder":
            files = (work / "answers/files.txt").read_text().split()
            assert [NAMES[label] for label in labels] == [pathlib.Path(file).parent.name for file in files]
        else:
            assert (labels == splits["test"][1]).all()
    trained = harness.run("eval", work / "run32/float.safetensors", model, "--data", work / "folder", "--split", "train", "--json", "-")[0]
    assert [total for _, total in metric(trained)] == [200, 200]
    pooled = harness.run("eval", model, "--data", work / "folder", "--data", work / "folder", "--json", "-", "--copies", "mirror")[0]
    assert metric(pooled)[0][1] == 120, pooled
    few = harness.run("eval", model, "--data", work / "folder", "--limit-images", 10, "--json", "-", "--predictions", work / "few")[0]
    assert metric(few)[0][1] == 10 and set(np.load(work / "few/labels.npy")) == set(range(10))
    harness.run("eval", model, "--data", work / "folder", "--channels", "bgr", "--json", work / "bgr.json")
    assert json.loads((work / "bgr.json").read_text())["images"]["channels"] == "bgr"
    harness.run("predict", model, work / "folder/test/cat", "-o", work / "cats.npy")
    cats = [i for i, label in enumerate(splits["test"][1]) if NAMES[label] == "cat"]
    np.save(work / "cats_in.npy", splits["test"][0][cats])
    harness.run("predict", model, work / "cats_in.npy", "-o", work / "cats_direct.npy")
    assert (np.load(work / "cats.npy") == np.load(work / "cats_direct.npy")).all()
    assert len((work / "cats.npy.files.txt").read_text().split()) == len(cats)
    return model


def check_conversion(work):
    common = ("convert", work / "run32/float.safetensors", "--type", "int8", "--calibration-order", "drawn", "--rounding", "nearest")
    for form in ("cifar", "arrays"):
        harness.run(*common, "-o", work / f"{form}.tflite", "--calibrate", work / form, "--eval", work / form)
    assert (work / "cifar.tflite").read_bytes() == (work / "arrays.tflite").read_bytes()
    harness.run(*common, "-o", work / "folder.tflite", "--calibrate", work / "folder/train", "--eval", work / "folder", "--vectors", work / "v",
                "--json", work / "convert.json")
    record = json.loads((work / "convert.json").read_text())
    assert record["calibration"]["images"] == 200 and np.load(work / "v/inputs.npy").shape[1:] == (32, 32, 3)


def check_calibration_images(work, splits):
    """Calibration asks for no labels: classes the model does not have, a folder without classes and an array of images do, and pixels divided
    by 255 are the pixels."""
    common = ("convert", work / "run32/float.safetensors", "--type", "int8", "--calibration-order", "first", "--rounding", "nearest")
    images = splits["train"][0][:40]
    np.savez(work / "known.npz", images=images, labels=np.arange(40) % 10)
    np.savez(work / "many.npz", images=images, labels=np.arange(40))
    np.savez(work / "float.npz", images=images.astype(np.float32) / 255, labels=np.arange(40))
    np.save(work / "alone.npy", images)
    for index, image in enumerate(images):
        write_png(work / f"flat/{index:02}.png", image)
        write_png(work / f"strangers/{'xyz'[index % 3]}/{index:02}.png", image)
    written = {}
    for form in ("known.npz", "many.npz", "float.npz", "alone.npy", "flat", "strangers"):
        harness.run(*common, "-o", work / "calibrated.tflite", "--calibrate", work / form, "--json", work / "convert.json", "--vectors", work / "v")
        assert json.loads((work / "convert.json").read_text())["calibration"]["images"] == 40, form
        written[form] = (work / "calibrated.tflite").read_bytes()
        assert np.load(work / "v/inputs.npy").shape == (4, 32, 32, 3)
    for form in ("many.npz", "float.npz", "alone.npy", "flat"):
        assert written[form] == written["known.npz"], form
    _, fault = harness.run(*common, "-o", work / "x.tflite", "--calibrate", work / "strangers", "--eval", work / "strangers", expect=3)
    assert "class 'x' is none of the model's 10 labels" in fault, fault
    (work / "empty").mkdir()
    _, fault = harness.run(*common, "-o", work / "x.tflite", "--calibrate", work / "empty", expect=3)
    assert "empty: holds no image" in fault, fault


def check_audit(work, model):
    out = harness.run("audit", model, "--data", work / "folder", "--json", "-")[0]
    record = json.loads(out)
    assert {m["split"] for m in record["metrics"]} == {"test", "train"}
    harness.run("audit", work / "run", "--data", work / "folder", "--quick", "--json", work / "audit.json")


def check_data_commands(work):
    info = json.loads(harness.run("data", "info", work / "folder", "--json", "-")[0])
    assert [(s["name"], s["count"]) for s in info["splits"]] == [("train", 200), ("test", 60)] and info["dataset"] == "image_folder"
    harness.run("data", "check", work / "folder/all.csv")
    (work / "folder/train/cat/zz.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    (work / "folder/train/dog/zz.jpg").write_bytes(b"nothing")
    _, fault = harness.run("data", "check", work / "folder", expect=3)
    assert "2 images cannot be read: " in fault and "train/cat/zz.png" in fault and "train/dog/zz.jpg" in fault, fault
    _, fault = harness.run("run", work / "own.toml", "--data", work / "folder", "-o", work / "none", expect=3)
    assert "train/cat/zz.png" in fault, fault
    (work / "folder/train/cat/zz.png").unlink()
    (work / "folder/train/dog/zz.jpg").unlink()


def check_faults(work, model):
    for arguments, said in [(("--image-size", "0"), "image size '0'"), (("--image-size", "32x"), "image size '32x'"),
                            (("--resize", "opencvv"), "did you mean 'opencv'?"), (("--fit", "cropp"), "did you mean 'crop'?"),
                            (("--channels", "rbg"), "channels 'rbg'"),]:
        _, fault = harness.run("eval", model, "--data", work / "folder", *arguments, expect=2)
        assert said in fault, fault
    _, fault = harness.run("eval", model, "--data", work / "folder", "--labels-offset", 1, expect=3)
    assert "the data have 10 classes and offset 1, the model has 10" in fault, fault
    (work / "folder/test/cat").rename(work / "folder/test/catt")
    (work / "folder/train/cat").rename(work / "folder/train/catt")
    _, fault = harness.run("eval", model, "--data", work / "folder", expect=3)
    assert "class 'catt' is none of the model's 10 labels (did you mean 'cat'?)" in fault, fault
    _, fault = harness.run("eval", model, "--data", work, expect=3)
    assert "class folder without an image" in fault or "no data set recognised" in fault, fault


def main():
    work = pathlib.Path(sys.argv[1]) / "images"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    splits = make_forms(work)
    check_training(work)
    model = check_evaluation(work, splits)
    check_conversion(work)
    check_calibration_images(work, splits)
    check_audit(work, model)
    check_data_commands(work)
    check_faults(work, model)
    shutil.rmtree(work)
    print("own images: every command")


main()
