#!/usr/bin/env python3
"""A bigger test set: folders pooled and altered copies, in eval, compare and audit; the audit's page of HTML. Usage: pool_test.py WORK_FOLDER

Copies are made here a second time, with NumPy, as folders of their own: what eval counts on them by themselves must be what it counts of each form."""
import html.parser
import json
import pathlib
import shutil
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from harness import run, skip

try:
    import numpy as np
except ImportError:
    skip("NumPy is missing; run scripts/setup --tests")

WORK = pathlib.Path(sys.argv[1]) / "pool"
TEST = 60
A, B = WORK / "a", WORK / "b"


def read_images(folder, prefix="t10k"):
    raw = (folder / f"{prefix}-images-idx3-ubyte").read_bytes()
    return np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28), np.frombuffer((folder / f"{prefix}-labels-idx1-ubyte").read_bytes(), np.uint8, offset=8)


def write_images(folder, images, labels, prefix="t10k"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{prefix}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 0x803, *images.shape) + images.tobytes())
    (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, len(labels)) + labels.astype(np.uint8).tobytes())


def document(*arguments):
    return json.loads(run(*arguments, "--json", "-", "-q")[0])


def counts(folder, model):
    metric = document("eval", model, "--data", folder)["metrics"][0]
    return metric["correct"], metric["total"]


def make_material():
    run("data", "make", "--format", "mnist", "-o", A, "--train", 300, "--test", TEST, "--seed", 1)
    run("data", "make", "--format", "mnist", "-o", B, "--train", 40, "--test", TEST, "--seed", 2)
    run("train", "mnist_guide", "--data", A, "-o", WORK / "run", "--set", "train.epochs=8", "--set", "train.batch_size=10", "-q")
    run("convert", WORK / "run/float.safetensors", "-o", WORK / "float32.tflite", "--type", "float32", "-q")
    run("convert", WORK / "run/float.safetensors", "-o", WORK / "int8.tflite", "--type", "int8", "--calibrate", A, "-q")
    return WORK / "float32.tflite", WORK / "int8.tflite"


def check_pool(models):
    record = document("eval", *models, "--data", A, "--data", B)
    for model, metric in zip(models, record["metrics"]):
        (right_a, total_a), (right_b, total_b) = counts(A, model), counts(B, model)
        assert (metric["correct"], metric["total"]) == (right_a + right_b, total_a + total_b), metric
        assert [(part["directory"], part["correct"], part["total"]) for part in metric["directories"]] == [(str(A), right_a, total_a), (str(B), right_b, total_b)]
    (finding,) = record["findings"]
    pair = record["comparisons"][0]
    assert finding["check"] == "noise.within_sampling_error" and pair["total"] == 2 * TEST
    text, _ = run("eval", *models, "--data", A, "--data", B, "-q")
    assert str(A) in text and "test images pooled" in text, text
    compared = document("compare", *models, "--data", A, "--data", B)
    assert (compared["a"]["correct"], compared["b"]["correct"]) == tuple(metric["correct"] for metric in record["metrics"])
    assert [part["total"] for part in compared["parts"][1]["directories"]] == [TEST, TEST]
    run("eval", models[0], "--data", A, "--data", B, "--split", "train", expect=2)
    return record


def check_copies_across_folders(models):
    """Four images of A stand in B too, one under another label, and one test image of B among A's training images."""
    mixed, trained = WORK / "mixed", WORK / "trained"
    images, labels = (x.copy() for x in read_images(B))
    own, own_labels = read_images(A)
    for place, source in ((0, 5), (7, 6), (8, 7), (TEST - 1, 20)):
        images[place], labels[place] = own[source], own_labels[source]
    labels[8] = (labels[8] + 1) % 10
    write_images(mixed, images, labels)  # without training images
    record = document("eval", models[0], "--data", A, "--data", mixed, "--predictions", WORK / "pooled")
    metric = record["metrics"][0]
    assert metric["total"] == 2 * TEST - 4 and [part["total"] for part in metric["directories"]] == [TEST, TEST - 4], metric
    notes = " ".join(record["notes"])
    assert f"4 of {TEST} test images of {mixed} are copies of test images of {A}" in notes and "1 of these copies have another label" in notes, notes
    kept = np.delete(labels, [0, 7, 8, TEST - 1])
    assert (np.load(WORK / "pooled/labels.npy") == np.concatenate([own_labels, kept])).all()
    # Predictions made on both folders as they are: the same images are taken out of them.
    everything = np.concatenate([own_labels, labels])
    np.save(WORK / "perfect.npy", everything)
    compared = document("compare", models[0], WORK / "perfect.npy", "--data", A, "--data", mixed)
    assert compared["total"] == 2 * TEST - 4 and compared["b"]["correct"] == 2 * TEST - 4 and compared["a"]["correct"] == metric["correct"], compared
    same = document("eval", models[0], "--data", A, "--data", A)["metrics"][0]
    assert same["total"] == TEST and same["directories"][1] == {"directory": str(A), "correct": 0, "total": 0}, same
    shutil.copytree(A, trained)
    training, training_labels = (x.copy() for x in read_images(A, "train"))
    training[17] = read_images(B)[0][3]
    write_images(trained, training, training_labels, "train")
    leak = " ".join(document("eval", models[0], "--data", trained, "--data", B)["notes"])
    assert f"1 test images of {B} are copies of training images of {trained}" in leak, leak


def check_refusals(models):
    cifar = WORK / "cifar"
    run("data", "make", "--format", "cifar10", "-o", cifar, "--train", 10, "--test", 10)
    for command in ("eval", "audit"):
        _, message = run(command, models[0], "--data", A, "--data", cifar, "-q", expect=3)
        assert str(cifar) in message and "mnist" in message and len(message.strip().splitlines()) == 1, message
    _, message = run("compare", *models, "--data", A, "--data", cifar, "-q", expect=3)
    assert "only folders of one data set" in message, message
    for wrong in ("flip", "shift:0", "shift:28", "mirror,,"):
        _, message = run("eval", models[0], "--data", A, "--copies", wrong, "-q", expect=2)
        assert wrong.split(",")[0] in message or "unknown" in message, message
    _, message = run("compare", WORK / "perfect.npy", WORK / "perfect.npy", "--copies", "mirror", expect=2)
    assert "--data" in message, message


def clustered_design_effect(right):
    """Rao and Scott: variance between pictures over that of as many independent images. right: [forms, pictures]."""
    forms, pictures = right.shape
    p, sums = right.mean(), right.sum(0)
    variance = pictures / (pictures - 1) * ((sums - p * forms) ** 2).sum() / right.size**2
    return max(1.0, variance / (p * (1 - p) / right.size))


def check_copies(models):
    record = document("eval", *models, "--data", A, "--data", B, "--copies", "mirror,shift:2", "--predictions", WORK / "copied")
    pictures = 2 * TEST
    images, labels = (np.concatenate(pair) for pair in zip(read_images(A), read_images(B)))
    row = lambda shift: np.clip(np.arange(28) + shift, 0, 27)  # a shifted copy repeats its edge
    forms = {"as they are": images, "mirrored": images[:, :, ::-1], "shifted left by 2": images[:, :, row(2)], "shifted right by 2": images[:, :, row(-2)],
             "shifted up by 2": images[:, row(2)], "shifted down by 2": images[:, row(-2)]}
    metric = record["metrics"][0]
    assert [part["copy"] for part in metric["copies"]] == list(forms)
    for part, (name, altered) in zip(metric["copies"], forms.items()):
        write_images(WORK / "form", np.ascontiguousarray(altered), labels)
        assert (part["correct"], part["total"]) == counts(WORK / "form", models[0]), name
    assert metric["total"] == 6 * pictures and metric["correct"] == sum(part["correct"] for part in metric["copies"])
    assert sum(part["correct"] for part in metric["directories"]) == metric["correct"]
    scores, truth = np.load(WORK / "copied/float32.npy"), np.load(WORK / "copied/labels.npy")
    right = (scores.argmax(1) == truth).reshape(6, pictures)
    effect = clustered_design_effect(right)
    assert abs(metric["clusters"]["design_effect"] - effect) < 1e-12 * effect
    assert abs(metric["clusters"]["effective_images"] - 6 * pictures / effect) < 1e-9
    low, high = metric["interval"]["low"], metric["interval"]["high"]
    assert low < metric["value"] < high and metric["interval"]["method"] != "wilson"
    pair = record["comparisons"][0]
    assert pair["mcnemar"] is None and pair["clusters"]["pictures"] == pictures and pair["clusters"]["images_each"] == 6
    text, _ = run("eval", *models, "--data", A, "--data", B, "--copies", "mirror,shift:2", "-q")
    assert "Copies are not independent images" in text and "design effect" in text and "independent images\n" in text, text
    # A folder twice: half its images are left out, and mirrored copies make them as many again. Answers to those are no answers to be cut.
    twice = ("--data", A, "--data", A, "--copies", "mirror")
    metric = document("eval", models[0], *twice, "--predictions", WORK / "again")["metrics"][0]
    compared = document("compare", models[0], WORK / "again/float32.npy", *twice)
    assert metric["total"] == 2 * TEST == compared["total"] and compared["b"]["correct"] == metric["correct"] == compared["a"]["correct"], compared
    compared = document("compare", *models, "--data", A, "--data", B, "--copies", "mirror,shift:2")
    assert compared["clusters"] == pair["clusters"] and compared["difference"] == pair["difference"], compared


class Page(html.parser.HTMLParser):
    """Words, open elements and addresses of a page."""

    def __init__(self, text):
        super().__init__()
        self.words, self.open, self.addresses, self.tags = "", [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href")]
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, words):
        self.words += words


def check_audit(models):
    page, markdown = WORK / "audit.html", WORK / "audit.md"
    (right_a, _), (right_b, _) = counts(A, models[1]), counts(B, models[1])
    assert right_a != right_b, "the material: a folder's figure must not be the pool's"
    claimed = f"int8 test accuracy: {right_a / TEST:.6f}\nfloat32 test accuracy: 0.123456 <b>"
    record = document("audit", *models, "--data", A, "--data", B, "--claimed", claimed, "--html", page, "--markdown", markdown)
    test = [metric for metric in record["metrics"] if metric["split"] == "test" and metric["model"] == "int8"]
    assert test and all(len(metric["directories"]) == 2 and metric["total"] == 2 * TEST for metric in test)
    assert any(f"is the right figure of {A} alone" in note for note in record["notes"]), record["notes"]
    assert not any(f["subject"].startswith("int8 test accuracy") and f["verdict"] in ("problem", "doubt") for f in record["findings"])
    read = Page(page.read_text())
    assert read.open == [] and not [x for x in read.addresses if not x.startswith(("#", "data:"))], read.addresses
    assert "script" not in read.tags and "svg" in read.tags, "the waterfall is a picture in the page"
    for finding in record["findings"]:
        assert finding["summary"] in read.words and finding["check"] in read.words, finding
    for word in ("From float32", "What was measured", "What was claimed", f"in {B}"):
        assert word in read.words, word
    assert "| verdict |" in markdown.read_text()
    _, message = run("audit", WORK / "run", "--data", A, "--data", B, expect=3)
    assert message.strip(), message


shutil.rmtree(WORK, ignore_errors=True)
WORK.mkdir(parents=True)
made = make_material()
check_pool(made)
check_copies_across_folders(made)
check_refusals(made)
check_copies(made)
check_audit(made)
print("ok")
