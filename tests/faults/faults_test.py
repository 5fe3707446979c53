#!/usr/bin/env python3
"""Faults injected into a real MNIST run, each audited: the injected fault must be the first finding. Clean audits must show no problem.

Every wrong figure is computed here with NumPy from the models' real answers, never by liteqat's own formulas.
Usage: faults_test.py WORK_FOLDER; the table goes to WORK_FOLDER/mnist-faults.json.
"""
import gzip
import json
import pathlib
import shutil
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))
from harness import MNIST, run, skip

try:
    import numpy as np
except ImportError:
    skip("NumPy is missing; run scripts/setup --tests")

WORK = pathlib.Path(sys.argv[1]) / "faults"
TRAIN, TEST = 4000, 2000
ROWS = []


def read(name):
    raw = gzip.open(MNIST / name).read()
    shape = struct.unpack(">" + "I" * raw[3], raw[4:4 + 4 * raw[3]])
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def write_data(name, splits):
    """A folder in MNIST's format. splits: {"train": (images, labels), "t10k": ...}."""
    folder = WORK / name
    folder.mkdir(parents=True, exist_ok=True)
    for prefix, (images, labels) in splits.items():
        (folder / f"{prefix}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 0x803, *images.shape) + images.tobytes())
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, len(labels)) + labels.tobytes())
    return folder


def audit(*arguments):
    return json.loads(run("audit", *arguments, "--json", "-", "-q")[0])


def first(record):
    finding = record["findings"][0]
    return finding["check"], finding["verdict"]


def expect(fault, checks, verdicts, *arguments):
    check, verdict = first(audit(*arguments))
    ROWS.append((fault, check, verdict))
    assert check in checks and verdict in verdicts, f"{fault}: first finding is {verdict} {check}, expected {checks}"


def clean(name, *arguments):
    record = audit(*arguments)
    problems = [f"{x['check']} {x['subject']}: {x['summary']}" for x in record["findings"] if x["verdict"] == "problem"]
    ROWS.append((f"none ({name})", *first(record)))
    assert not problems, f"{name}: false alarm: {problems}"
    return record


class Material:
    """A trained network, and its real answers on small splits."""

    def __init__(self):
        self.train = read("train-images-idx3-ubyte.gz")[:TRAIN], read("train-labels-idx1-ubyte.gz")[:TRAIN]
        self.test = read("t10k-images-idx3-ubyte.gz")[:TEST], read("t10k-labels-idx1-ubyte.gz")[:TEST]
        self.data = write_data("data", {"train": self.train, "t10k": self.test})
        # Few images, many epochs: train and test accuracy must differ for the split faults to be visible.
        run("run", "mnist_guide", "--data", self.data, "-o", WORK / "run", "--set", "train.epochs=6", "--set", "qat.epochs=1", "-q")
        self.model, self.float_model = WORK / "run/qat_int8.tflite", WORK / "run/float32.tflite"
        for split in ("test", "train"):
            run("eval", self.model, "--data", self.data, "--split", split, "--predictions", WORK / split, "-q")
        self.scores = np.load(WORK / "test/qat_int8.npy")
        self.answers, self.labels = self.scores.argmax(1), self.test[1].astype(int)
        self.right = self.answers == self.labels
        self.train_right = np.load(WORK / "train/qat_int8.npy").argmax(1) == self.train[1]
        np.save(WORK / "labels.npy", self.labels)

    def claim(self, fault, check, value, verdicts=("problem", "doubt")):
        expect(fault, {check}, verdicts, self.model, "--data", self.data, "--claimed", f"test accuracy: {value}")


def metric_faults(m):
    one_hot = np.eye(10, dtype=int)
    m.claim("one-hot vectors compared element by element", "metric.one_hot_elementwise",
            repr(float((one_hot[m.answers] == one_hot[m.labels]).mean())), {"problem"})
    m.claim("labels of shape (N,1) broadcast", "metric.label_shape_broadcast", repr(float((m.labels[:, None] == m.answers).mean())), {"problem"})
    m.claim("percent of percent", "metric.percent", f"{m.right.mean() / 100:.6f}", {"problem"})
    order = np.argsort(-m.scores, axis=1, kind="stable")
    m.claim("top-2 called accuracy", "metric.top_k", repr(float((order[:, :2] == m.labels[:, None]).any(1).mean())))
    probabilities = np.exp(m.scores - m.scores.max(1, keepdims=True))
    probabilities /= probabilities.sum(1, keepdims=True)
    if (m.scores >= 0).all():
        m.claim("binary accuracy", "metric.binary_accuracy", repr(float(((m.scores > 0.5) == one_hot[m.labels]).mean())), {"problem"})
    batches = [m.right[i:i + 96].mean() for i in range(0, TEST, 96)]
    m.claim("last partial batch averaged as a whole one", "metric.partial_batch", repr(float(np.mean(batches))))
    m.claim("last partial batch dropped", "metric.dropped_remainder", repr(float(m.right[:TEST // 96 * 96].mean())))
    recalls = [m.right[m.labels == c].mean() for c in range(10)]
    m.claim("mean of class accuracies", "metric.macro_average", repr(float(np.mean(recalls))))
    m.claim("training images evaluated", "split.train", repr(float(m.train_right.mean())), {"problem"})
    m.claim("training and test images pooled", "split.pooled", repr(float(np.concatenate([m.train_right, m.right]).mean())), {"problem"})
    m.claim("validation split of the training images", "split.validation", repr(float(m.train_right[-TRAIN // 10:].mean())))
    # A figure of two decimals is what several mistakes print, and one batch of 1,024 images is a dropped remainder: neither can be told apart.
    size = next(n for n in (500, 250, 512, 200) if len(repr(float(m.right[:n].mean()))) >= 5)
    m.claim(f"first {size} images alone", "split.subset", repr(float(m.right[:size].mean())))


def label_faults(m):
    rng = np.random.default_rng(3)
    files = {"offset": (m.answers + 1), "shuffled": m.answers[rng.permutation(TEST)], "shifted": np.roll(m.answers, 7),
             "permuted": np.array([0, 1, 5, 3, 4, 8, 6, 7, 2, 9])[m.answers]}
    for name, answers in files.items():
        np.save(WORK / f"{name}.npy", answers)
    for name, check in (("offset", "labels.offset"), ("permuted", "labels.permutation"), ("shuffled", "labels.order"), ("shifted", "labels.order")):
        expect(f"answers {name} against labels", {check}, {"problem"}, "--predictions", WORK / f"{name}.npy", "--labels", WORK / "labels.npy")
    np.save(WORK / "sorted_labels.npy", np.sort(m.labels))
    expect("labels sorted", {"labels.order"}, {"problem"}, m.model, "--data", m.data, "--labels", WORK / "sorted_labels.npy")
    np.save(WORK / "constant.npy", np.full(TEST, 3))
    expect("constant output", {"quant.constant_output"}, {"problem"}, "--predictions", WORK / "constant.npy", "--labels", WORK / "labels.npy")


def data_faults(m):
    images, labels = m.train
    for name, count in (("1 %", TEST // 100), ("10 %", TEST // 10)):
        leaked = images.copy(), labels.copy()
        leaked[0][:count], leaked[1][:count] = m.test[0][:count], m.test[1][:count]
        folder = write_data("leak" + str(count), {"train": leaked, "t10k": m.test})
        expect(f"{name} of the test images in the training split", {"split.leak"}, {"problem"}, m.model, "--data", folder)
    near = images.copy(), labels.copy()
    count = 2 * TEST // 5
    near[0][:count] = (m.test[0][:count].astype(int) * 9 // 10).astype(np.uint8)
    near[1][:count] = m.test[1][:count]
    folder = write_data("near", {"train": near, "t10k": m.test})
    expect("40 % of the test images, darker, in the training split", {"split.near_duplicates"}, {"problem"}, m.model, "--data", folder)
    kept = m.test[1] != 7
    folder = write_data("missing", {"train": m.train, "t10k": (m.test[0][kept], m.test[1][kept])})
    expect("a class without test images", {"data.class_missing"}, {"problem"}, m.model, "--data", folder)


def input_faults(m):
    transposed = write_data("transposed", {"train": m.train, "t10k": (m.test[0].transpose(0, 2, 1).copy(), m.test[1])})
    for name, check, arguments in (("pixels 0..255 fed where 0..1 is expected", "input.scale", ["--data", m.data, "--pixels", "0..255"]),
                                   ("rows and columns exchanged", "input.layout", ["--data", transposed])):
        metric = json.loads(run("eval", m.model, *arguments, "--json", "-", "-q")[0])["metrics"][0]
        m.claim(name, check, repr(metric["correct"] / metric["total"]), {"problem"})


def record_faults(m):
    for name, check, change in (("count edited in run.json", "report.not_reproducible", lambda metric: metric.update(correct=metric["correct"] - 9)),
                                ("value edited in run.json", "report.sum_mismatch", lambda metric: metric.update(value=0.5))):
        folder = WORK / "edited"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(WORK / "run", folder)
        record = json.loads((folder / "run.json").read_text())
        metric = next(x for x in record["metrics"] if x["model"] == "qat_int8")
        change(metric)
        if check == "report.not_reproducible":
            metric.pop("confusion", None)
            metric["value"] = metric["correct"] / metric["total"]
        (folder / "run.json").write_text(json.dumps(record))
        expect(name, {check}, {"problem"}, folder, "--data", m.data)
    other = WORK / "other/qat_int8.npy"
    other.parent.mkdir(exist_ok=True)
    np.save(other, (m.answers + (np.arange(TEST) % 4 == 0) * 3) % 10)
    expect("another model's prediction file", {"runtime.mismatch"}, {"problem"}, m.model, "--data", m.data, "--predictions", other)
    m.claim("a figure from nowhere", "report.not_reproducible", "0.5125", {"problem"})


def false_alarms(m):
    clean("run directory", WORK / "run", "--data", m.data)
    clean("models", m.float_model, m.model, "--data", m.data)
    accuracy = repr(float(m.right.mean()))
    record = clean("a right claim", m.model, "--data", m.data, "--claimed", f"test accuracy: {accuracy}")
    ids = {finding["check"] for finding in record["findings"]}
    assert len(ids) == 45, len(ids)
    order = [finding["verdict"] for finding in record["findings"]]
    assert order == sorted(order, key=["problem", "doubt", "clear", "skipped"].index)
    np.save(WORK / "predictions.npy", m.scores)
    clean("predictions", "--predictions", WORK / "predictions.npy", "--labels", WORK / "labels.npy")


shutil.rmtree(WORK, ignore_errors=True)
WORK.mkdir(parents=True)
material = Material()
for group in (false_alarms, metric_faults, label_faults, data_faults, input_faults, record_faults):
    group(material)
table = "".join(f"| {fault} | {verdict} `{check}` |\n" for fault, check, verdict in ROWS)
print(table)
(WORK.parent / "mnist-faults.json").write_text(json.dumps([
    {"material": "MNIST, the guide's network", "fault": fault, "check": check, "verdict": verdict, "note": "", "found": True}
    for fault, check, verdict in ROWS if not fault.startswith("none (")], indent=1))
