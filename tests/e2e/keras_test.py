"""Keras files on the command line: the two float models beside the checkout on all 10,000 CIFAR-10 test images, their predictions against the
.tflite and the predictions that came with them, and how damaged files end.

keras_test.py WORK_FOLDER"""
import json
import pathlib
import shutil
import sys
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import harness

try:
    import numpy as np
except ImportError as fault:
    harness.skip(f"the oracle environment lacks {fault.name} (scripts/setup --tests makes it)")

GOLDEN = harness.ROOT / "tests/golden/keras"
work = pathlib.Path(sys.argv[1]) / "keras"
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)


def predict_equals_keras(name):
    """One image at a time through predict and, converted, through the .tflite: the same bytes, and Keras' answer."""
    arrays = np.load(GOLDEN / f"{name.rsplit('.', 1)[0]}.npz")
    np.save(work / "x.npy", arrays["x"])
    harness.run("predict", GOLDEN / name, work / "x.npy", "-o", work / "y.npy", "--pixels", "0..255")
    harness.run("convert", GOLDEN / name, "-o", work / "m.tflite")
    harness.run("predict", work / "m.tflite", work / "x.npy", "-o", work / "y_tflite.npy", "--pixels", "0..255")
    y = np.load(work / "y.npy")
    assert np.array_equal(y, np.load(work / "y_tflite.npy")), name
    # The bound of tests/golden/keras_import_test.cc.
    assert np.abs(y - arrays["y"]).max() <= 1.4e-4 * np.abs(arrays["y"]).max(), name


def inactive_layers():
    """Augmentation and regularization are named on stderr and in inspect, and in the converted file there is nothing of them."""
    model = GOLDEN / "inactive_keras3.keras"
    _, said = harness.run("convert", model, "-o", work / "m.tflite")
    table = f"{model}: skipped, since they do nothing at inference: "
    assert table in said and "augment/cut_mix_1 (CutMix), " in said and ", random_flip_1 (RandomFlip), " in said, said
    assert "nothing at inference" not in harness.run("convert", GOLDEN / "sequential_keras3.keras", "-o", work / "m2.tflite")[1]
    out, _ = harness.run("inspect", model)
    assert "skipped     augment/" in out and ": nothing at inference\n" in out, out
    listed = json.loads(harness.run("inspect", model, "--json", "-")[0])
    assert len(listed["inactive_layers"]) >= 20 and "random_flip_1 (RandomFlip)" in listed["inactive_layers"], listed
    converted = json.loads(harness.run("inspect", work / "m.tflite", "--json", "-")[0])["operators"]
    assert set(converted) == {"RESIZE_BILINEAR", "CONV_2D", "RESIZE_NEAREST_NEIGHBOR", "MUL", "ADD", "RESHAPE", "FULLY_CONNECTED"}, converted


def several_inputs_and_outputs():
    """Arrays by tensor name: a model of two inputs, and the same with what its CONCATENATION joins as a second output."""
    arrays, source = np.load(GOLDEN / "merges_keras3.npz"), GOLDEN / "merges_keras3.keras"
    np.savez(work / "in.npz", a=arrays["x0"], b=arrays["x1"])
    harness.run("predict", source, work / "in.npz", "-o", work / "y.npy")
    y = np.load(work / "y.npy")
    assert np.abs(y - arrays["y"]).max() <= 1.4e-4 * np.abs(arrays["y"]).max()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(work / "two.keras", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                config["config"]["output_layers"] = [["concatenate", 0, 0], ["maximum", 0, 0]]
                content = json.dumps(config)
            new.writestr(name, content)
    harness.run("predict", work / "two.keras", work / "in.npz", "-o", work / "both.npz")
    both = np.load(work / "both.npz")
    assert sorted(both.files) == ["concatenate", "maximum"]
    assert np.array_equal(both["concatenate"], y) and np.array_equal(both["maximum"], y[:, :4])
    harness.run("convert", work / "two.keras", "-o", work / "two.tflite")
    harness.run("predict", work / "two.tflite", work / "in.npz", "-o", work / "raw.npz", "--raw")
    assert np.array_equal(np.load(work / "raw.npz")["concatenate"], y)

    assert "has 2 outputs, 'concatenate', 'maximum'" in harness.run("predict", work / "two.keras", work / "in.npz", "-o", work / "y.npy", expect=2)[1]
    np.save(work / "one.npy", arrays["x0"])
    wrong = {"has no array 'b'; the model's inputs are 'a', 'b'": {"a": arrays["x0"]},
             "array 'c' is none of the model's inputs": {"a": arrays["x0"], "b": arrays["x1"], "c": arrays["x1"]},
             "in.npz:b: stacks 1 inputs, 'a' stacks 3": {"a": arrays["x0"], "b": arrays["x1"][:1]},
             "in.npz:b: shape [3,2] does not stack inputs of shape [1,4,3,2]": {"a": arrays["x0"], "b": arrays["x1"][:, 0, 0]}}
    for sentence, members in wrong.items():
        np.savez(work / "in.npz", **members)
        assert sentence in harness.run("predict", source, work / "in.npz", "-o", work / "y.npy", expect=3)[1], sentence
    assert "has 2 inputs, 'a', 'b': an .npz" in harness.run("predict", source, work / "one.npy", "-o", work / "y.npy", expect=3)[1]


def damaged_files():
    whole = (GOLDEN / "sequential_keras3.keras").read_bytes()
    for name, content in (("cut.keras", whole[:len(whole) // 2]), ("weights.h5", (GOLDEN / "sequential_keras3.h5").read_bytes()[:3000])):
        (work / name).write_bytes(content)
        _, said = harness.run("inspect", work / name, expect=3)
        assert str(work / name) in said and said.count("\n") == 1, said


def evaluate(model, *flags):
    harness.run("eval", model, "--data", harness.CIFAR10, "--predictions", work / "predictions", "--json", work / "eval.json", *flags)
    metric = json.loads((work / "eval.json").read_text())["metrics"][0]
    assert metric["total"] == 10000
    return metric["correct"], np.load(work / "predictions" / f"{pathlib.Path(model).stem}.npy").argmax(1)


def shared_models():
    models = harness.SHARED / "models"
    if not (harness.CIFAR10 / "test_batch.bin").exists() or not (models / "case_study_float.h5").exists():
        harness.skip(f"CIFAR-10 and the models are not in {harness.SHARED} (LITEQAT_SHARED names the folder above data/)")
    correct, classes = evaluate(models / "mlperf_tiny_resnet8_cifar10.h5")
    _, tflite_classes = evaluate(models / "mlperf_tiny_resnet8_cifar10_float.tflite")
    assert correct == 8719, correct
    assert np.array_equal(classes, tflite_classes), np.flatnonzero(classes != tflite_classes)
    correct, classes = evaluate(models / "case_study_float.h5", "--pixels", "0..1")
    assert correct == 6434, correct
    expected = np.load(models / "case_study_predictions.npz")["float"]
    assert np.array_equal(classes, expected), np.flatnonzero(classes != expected)


for file in ("sequential_keras3.keras", "sequential_keras2.h5", "nested_keras3.h5", "inactive_keras2.h5", "inactive_keras3.keras"):
    predict_equals_keras(file)
inactive_layers()
several_inputs_and_outputs()
damaged_files()
shared_models()
print("Keras files: predictions equal Keras', what does nothing is named, damaged files end in a sentence, 8,719 and 6,434 of 10,000")
