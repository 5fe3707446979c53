"""explain on the command line: the founding figures, JSON, Markdown, exit codes, garbage, speed. explain_test.py WORK_FOLDER"""
import json
import pathlib
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import harness

work = pathlib.Path(sys.argv[1]) / "explain"
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)


def write(name, text):
    path = work / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def explain(text, *flags, expect=0):
    out, _ = harness.run("explain", write("input.txt", text), "--json", "-", *flags, expect=expect)
    return json.loads(out)


FOUNDING = "Quant TFLite test_accuracy: 0.94462\nQuant TF test accuracy:     0.744700014591217\nTF test accuracy:           0.737500011920929\n"
QUESTION = "Quantized TFLite 0.94462, QAT 0.7447, float 0.7375: how is this possible?\n"
MNIST = "Quant TFLite test_accuracy: 0.9817\nQuant TF test accuracy: 0.9815\nTF test accuracy: 0.9811\n"

# The founding case, all keys of the contract.
record = explain(FOUNDING, "--dataset", "cifar10")
assert record["schema"] == "liteqat/explain/1"
figure = record["figures"][0]
assert figure["numerators"] == {"test": None, "train": {"total": 50000, "low": 47231, "high": 47231}} and figure["possible"] is False, figure
assert record["figures"][1]["form"] == "float32" and record["figures"][1]["numerators"]["test"] == {"total": 10000, "low": 7447, "high": 7447}
first, second = record["hypotheses"][:2]
assert (first["id"], first["implied_correct"], first["implied_total"], first["implied_accuracy"]) == ("metric.one_hot_elementwise", 7231, 10000, 0.7231)
assert (second["id"], second["implied_correct"], second["implied_total"]) == ("split.train", 47231, 50000)
assert first["weight"] < 10 * second["weight"] and sum(h["weight"] for h in record["hypotheses"]) <= 1
pair = record["comparisons"][0]
assert round(pair["z"], 2) == 1.16 and 1250 < pair["significant_below_discordant"] < 1350 and pair["p_unpaired"] > 0.05, pair
assert all(set(f) == {"check", "verdict", "subject", "summary", "evidence", "advice"} for f in record["findings"])

text, _ = harness.run("explain", work / "input.txt", "--dataset", "cifar10")
assert "consistent with" in text and "proved" not in text and len(text.splitlines()) <= 40, text
everything, _ = harness.run("explain", work / "input.txt", "--dataset", "cifar10", "--all")
assert len(everything) > len(text) and "Findings" in everything
assert "\033[" not in text and "\033[" in harness.run("explain", work / "input.txt", "--dataset", "cifar10", "--color", "always")[0]
markdown, _ = harness.run("explain", work / "input.txt", "--dataset", "cifar10", "--markdown", "-")
assert markdown.startswith("# ") and "| metric.one_hot_elementwise |" in markdown.replace(" (identical", " |(identical"), markdown
harness.run("explain", work / "input.txt", "--dataset", "cifar10", "--json", work / "out.json", "--markdown", work / "out.md")
assert json.loads((work / "out.json").read_text()) == record and (work / "out.md").read_text() == markdown
piped = subprocess.run([harness.BINARY, "explain", "-", "--dataset", "cifar10", "--json", "-"], input=FOUNDING, capture_output=True, text=True)
assert piped.returncode == 0 and json.loads(piped.stdout) == record

# The question as it was asked, in one line that does not say accuracy.
record = explain(QUESTION, "--dataset", "cifar10")
assert [(f["label"], f["printed"]) for f in record["figures"]] == [("Quantized TFLite", "0.94462"), ("QAT", "0.7447"), ("float", "0.7375")], record
first, second = record["hypotheses"][:2]
assert (first["id"], first["implied_correct"], first["implied_total"]) == ("metric.one_hot_elementwise", 7231, 10000), first
assert (second["id"], second["implied_correct"], second["implied_total"]) == ("split.train", 47231, 50000), second
assert len(record["notes"]) == 1 and "says accuracy" in record["notes"][0], record["notes"]
text, _ = harness.run("explain", work / "input.txt", "--dataset", "cifar10")
readme = (harness.ROOT / "README.md").read_text()
shown = "".join(("    " + line).rstrip() + "\n" for line in text.splitlines())
shown = "    $ cat question.txt\n    " + QUESTION + "    $ liteqat explain question.txt --dataset cifar10\n" + shown
assert shown in readme, "README shows another output of explain than this:\n" + shown
record = explain(QUESTION)
assert [f["value"] for f in record["figures"]] == [0.94462, 0.7447, 0.7375] and all(f["possible"] is None for f in record["figures"]), record

# The negative control.
record = explain(MNIST, "--dataset", "mnist")
assert record["findings"] and all(f["verdict"] == "clear" for f in record["findings"]) and record["hypotheses"] == []
assert any(f["check"] == "noise.within_sampling_error" for f in record["findings"])

# Exit codes.
explain(FOUNDING, "--dataset", "cifar10", "--fail-on", "problem", expect=1)
explain(MNIST, "--dataset", "mnist", "--fail-on", "doubt", expect=0)
explain("int8 accuracy: 0.1000\nfloat accuracy: 0.7012\n", "--dataset", "cifar10", "--fail-on", "problem", expect=0)
explain("int8 accuracy: 0.1000\nfloat accuracy: 0.7012\n", "--dataset", "cifar10", "--fail-on", "doubt", expect=1)
_, message = harness.run("explain", work / "input.txt", "--dataset", "cifar11", expect=2)
assert "cifar10" in message, message
harness.run("explain", work / "input.txt", "--test-size", "0", expect=2)
harness.run("explain", work / "input.txt", "--fail-on", "clear", expect=2)
harness.run("explain", work / "missing.txt", expect=3)

# Garbage: a sentence, never a crash.
for name, content in {"empty": b"", "binary": random.Random(1).randbytes(300000), "zeros": bytes(100000), "letters": b"x" * 1000000,
                      "words": b"no number here\n" * 70000, "brackets": b"{[" * 50000, "nan": b"accuracy: nan\n", "models": b"float int8 " * 90000, "times": b"float 0.91 s, int8 0.35 s\n" * 40000}.items():
    _, message = harness.run("explain", write(name, content), expect=3)
    assert message.startswith("liteqat: ") and message.count("\n") == 1 and "no accuracy" in message, (name, message)
for value in ["-0.5", "1.02", "7000 %", "1e300", "0." + "3" * 5000]:
    done = subprocess.run([harness.BINARY, "explain", "-"], input=f"accuracy: {value}\n", capture_output=True, text=True)
    assert done.returncode in (0, 3) and done.stderr.count("\n") <= 1, (value, done)
many = "".join(f"model{i} accuracy: 0.{i * 7919 % 100000:05}\n" for i in range(100000))
start = time.monotonic()
record = explain(many, "--dataset", "cifar10")
assert len(record["figures"]) == 100000 and len(record["comparisons"]) <= 200 and record["notes"]
assert time.monotonic() - start < 60, "100,000 figures take about a second of work"

# Speed: the fastest of several, because other programs share the machine.
log = "".join(f"Epoch {e}/30\n1563/1563 [====] - 9s - loss: 1.0 - accuracy: {0.3 + 0.02 * e:.4f} - val_loss: 1.0 - val_accuracy: {0.3 + 0.02 * e:.4f}\n" for e in range(30))
path = write("log.txt", log + FOUNDING)
seconds = []
for _ in range(7):
    start = time.monotonic()
    harness.run("explain", path, "--dataset", "cifar10")
    seconds.append(time.monotonic() - start)
assert min(seconds) < 0.1, seconds
print(f"explain: the founding case, the negative control, exit codes, garbage; {1000 * min(seconds):.0f} ms for a log of {len(log.splitlines())} lines")
