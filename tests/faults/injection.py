"""What the fault suites share: data folders written with NumPy, audits, and the table of what was injected and what was found first."""
import json
import pathlib
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness

try:
    import numpy as np
except ImportError:
    harness.skip("NumPy is missing; run scripts/setup --tests")


def write_mnist(folder, splits):
    """A folder in MNIST's format. splits: {"train": (images, labels), "t10k": ...}."""
    folder.mkdir(parents=True, exist_ok=True)
    for prefix, (images, labels) in splits.items():
        (folder / f"{prefix}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 0x803, *images.shape) + images.tobytes())
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, len(labels)) + labels.tobytes())
    return folder


def read_cifar(name, count):
    """(images NHWC uint8, labels) of the first records of one of CIFAR-10's files."""
    records = np.fromfile(harness.CIFAR10 / name, np.uint8).reshape(-1, 3073)[:count]
    return records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).copy(), records[:, 0].copy()


def write_cifar(folder, train, test):
    """A folder in CIFAR-10's binary format; train: (images, labels), dealt over the five files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "batches.meta.txt").write_bytes((harness.CIFAR10 / "batches.meta.txt").read_bytes())
    parts = [(f"data_batch_{i + 1}.bin", train[0][i::5], train[1][i::5]) for i in range(5)] + [("test_batch.bin", *test)]
    for name, images, labels in parts:
        planes = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
        np.concatenate([labels.astype(np.uint8)[:, None], planes], axis=1).tofile(folder / name)
    return folder


def audit(*arguments):
    return json.loads(harness.run("audit", *arguments, "--json", "-", "-q")[0])


def evaluate(model, *arguments):
    """The accuracy that eval measures."""
    metric = json.loads(harness.run("eval", model, *arguments, "--json", "-", "-q")[0])["metrics"][0]
    return metric["correct"] / metric["total"]


def edit(tool, source, target, *words):
    """One of edit_tflite's faults."""
    subprocess.run([tool, source, target, *map(str, words)], check=True)
    return target


def list_operators(tool, model):
    """[(kind, output tensor)] by index."""
    lines = subprocess.run([tool, model, "-", "list"], check=True, capture_output=True, text=True).stdout.splitlines()
    return [tuple(line.split(" ", 2)[1:]) for line in lines]


class Table:
    """Every fault with what was found first. The fault must be it."""

    def __init__(self, material):
        self.material, self.rows = material, []

    def expect(self, fault, checks, verdicts, *arguments, operator=None, says=None):
        """operator: the one that the finding must name. says: words that a summary must hold instead, where the material cannot tell more."""
        record = audit(*arguments)
        first = record["findings"][0]
        found = first["check"] in checks and first["verdict"] in verdicts
        note = ""
        if operator is not None:
            named = first["evidence"].get("operator", "")
            found = found and (named == operator or named.endswith(f"(operator {operator})"))
            note = named
        if says is not None:
            note = f"a summary says: \"{says}\""
            found = any(says in finding["summary"] for finding in record["findings"])
        self.rows.append({"material": self.material, "fault": fault, "check": first["check"], "verdict": first["verdict"], "note": note, "found": found})
        print(f"{fault}: {first['verdict']} {first['check']} {note}", flush=True)
        return record

    def expect_clear(self, fault, check, words, subject, *arguments):
        """No fault to someone who knows both arithmetics: nothing is wrong with `subject`, and the clear finding of `check` says `words`."""
        record = audit(*arguments)
        accused = [x["check"] for x in record["findings"] if x["subject"] == subject and x["verdict"] in ("problem", "doubt")]
        said = any(x["check"] == check and x["verdict"] == "clear" and words in x["summary"] for x in record["findings"])
        self.rows.append({"material": self.material, "fault": fault, "check": check, "verdict": "clear", "note": f"it says: \"{words}\"", "found": said and not accused})
        print(f"{fault}: clear {check}: {said}, accused by {accused}", flush=True)

    def finish(self, file):
        """Prints the table, writes it to `file`, fails if a fault was not the first finding."""
        file.write_text(json.dumps(self.rows, indent=1))
        missed = [f"{row['fault']}: first finding is {row['verdict']} {row['check']} ({row['note']})" for row in self.rows if not row["found"]]
        print(f"{len(self.rows)} faults on {self.material}, {len(missed)} not the first finding", *missed, sep="\n")
        assert not missed, missed
