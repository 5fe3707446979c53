"""The command line's conventions: help with an example first, streams kept apart, JSON, colour, exit codes, stages alone. cli_test.py WORK_FOLDER"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import harness

work = pathlib.Path(sys.argv[1]) / "cli"
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)

for command in [[], ["run"], ["train"], ["qat"], ["convert"], ["eval"], ["predict"], ["inspect"], ["bench"], ["data"], ["data", "info"], ["data", "check"], ["data", "make"]]:
    out, _ = harness.run(*command, "--help")
    assert out.startswith("Example: liteqat " + " ".join(command)), f"{command}: help starts with {out[:60]!r}"
assert re.fullmatch(r"liteqat \d+\.\d+\.\d+\n", harness.run("--version")[0])
assert "Exit codes" in harness.run("--help")[0]
harness.run(expect=2)
harness.run("run", "--no-such-flag", expect=2)
harness.run("run", "--threads", "0", expect=2)

small = work / "small"
harness.run("data", "make", "--format", "mnist", "-o", small, "--train", "600", "--test", "100")
info, _ = harness.run("data", "info", small)
assert "600 images 28x28x1" in info and "sha256" in info, info
checked, _ = harness.run("data", "check", small)
assert "no duplicates" in checked, checked
duplicate = work / "duplicate"
shutil.copytree(small, duplicate)
images = duplicate / "t10k-images-idx3-ubyte"
raw = bytearray(images.read_bytes())
raw[16:16 + 784] = (small / "train-images-idx3-ubyte").read_bytes()[16:16 + 784]
images.write_bytes(raw)
assert "copies of training images" in harness.run("data", "check", duplicate)[0]
found = json.loads(harness.run("data", "check", duplicate, "--json", "-")[0])
assert found["schema"] == "liteqat/data/1" and [issue["kind"] for issue in found["issues"]] == ["leak"] and found["issues"][0]["count"] == 1, found
described = json.loads(harness.run("data", "info", small, "--json", "-", "--quiet")[0])
assert [(s["name"], s["count"], sum(s["per_class"])) for s in described["splits"]] == [("train", 600, 600), ("test", 100, 100)] and "issues" not in described
harness.run("data", "check", duplicate, "--fail-on", "problem", expect=1)
harness.run("data", "make", "--format", "cifar10", "-o", work / "cifar", "--train", "50", "--test", "20")
assert "32x32x3" in harness.run("data", "info", work / "cifar")[0]

# Stages alone, each in the run directory; the whole run then reuses them.
SHORT = ["--data", small, "--set", "qat.images=200", "--set", "qat.batch_size=50", "--set", "qat.calibration_images=50"]
run = work / "run"
out, progress = harness.run("train", "mnist_guide", "-o", run, *SHORT)
assert out.strip() == f"{run}/float.safetensors" and not (run / "qat.safetensors").exists()
out, _ = harness.run("qat", "--from", run / "float.safetensors")
assert out.strip() == f"{run}/qat.safetensors"
before = (run / "qat.safetensors").read_bytes()
out, progress = harness.run("run", "-o", run, *SHORT)
assert "float: finished before, reused" in progress and "qat: finished before, reused" in progress, progress
assert (run / "qat.safetensors").read_bytes() == before
assert list((run / "tensorboard/float").glob("events.out.tfevents.*")), "no TensorBoard events"

# Results on stdout, progress on stderr, JSON alone with "-".
out, progress = harness.run("run", "-o", work / "json", "--json", "-", *SHORT)
assert json.loads(out)["schema"] == "liteqat/run/1" and "epoch 1/1" in progress
assert json.loads(out) == json.loads((work / "json/run.json").read_text())
_, progress = harness.run("run", "-o", work / "json", "--quiet", *SHORT)
assert progress == "", progress
out, _ = harness.run("eval", run / "float32.tflite", run / "qat.safetensors", run / "qat_int8.tflite", "--data", small, "--json", "-", "--predictions", work / "scores")
evaluated = json.loads(out)
assert evaluated["schema"] == "liteqat/eval/1" and [m["total"] for m in evaluated["metrics"]] == [100, 100, 100]
in_run = {m["model"]: m["correct"] for m in json.loads((run / "run.json").read_text())["metrics"]}
assert [m["correct"] for m in evaluated["metrics"]] == [in_run["float32"], in_run["qat"], in_run["qat_int8"]]
assert sorted(p.name for p in (work / "scores").iterdir()) == ["float32.npy", "labels.npy", "qat.npy", "qat_int8.npy"]
assert json.loads(harness.run("eval", run / "qat_int8.tflite", "--data", small, "--split", "train", "--json", "-")[0])["metrics"][0]["total"] == 600

# A model behind --data is no second folder.
for command in ("eval", "audit"):
    _, message = harness.run(command, "--data", work / "nowhere", run / "qat_int8.tflite", expect=3)
    assert "nowhere: no such folder" in message, message

# Colour only where it is wanted.
assert "\033[" not in harness.run("run", "-o", run, *SHORT)[0]
assert "\033[" in harness.run("run", "-o", run, "--color", "always", *SHORT)[0]
assert "\033[" not in harness.run("run", "-o", run, *SHORT, env={"NO_COLOR": "1"})[0]

# Post-training quantization of a model on its own, other input and output types, inspection.
harness.run("convert", run / "float.safetensors", "-o", work / "ptq.tflite", "--type", "int8", "--io", "uint8", "--calibrate", small)
converted = json.loads(harness.run("convert", run / "qat.safetensors", "-o", work / "qat.tflite", "--type", "int8", "--json", "-")[0])
assert converted["schema"] == "liteqat/convert/1" and converted["ranges"] == "training" and converted["bytes"] == (work / "qat.tflite").stat().st_size
assert converted["sha256"] == hashlib.sha256((work / "qat.tflite").read_bytes()).hexdigest()
inspected = json.loads(harness.run("inspect", work / "qat.tflite", "--layers", "--json", work / "inspect.json")[0] and (work / "inspect.json").read_text())
assert inspected["schema"] == "liteqat/inspect/1" and inspected["operators"] == {"CONV_2D": 1, "DEQUANTIZE": 1, "FULLY_CONNECTED": 1, "MAX_POOL_2D": 1, "QUANTIZE": 1, "RESHAPE": 1}
assert [t["id"] for t in inspected["tensors"]] == list(range(len(inspected["tensors"]))) and all(layer["kernel"] for layer in inspected["layers"])
assert sum(layer["macs"] for layer in inspected["layers"]) == inspected["macs"] == 93288  # 26*26*12*9 + 2028*10
for tensor in inspected["tensors"]:
    if tensor["place"] == "arena":
        assert 0 <= tensor["offset"] <= inspected["memory"]["arena_bytes"] - tensor["bytes"], tensor
    if tensor["type"] == "int8":
        assert tensor["range"][0] <= 0 <= tensor["range"][1], tensor
text, _ = harness.run("inspect", work / "ptq.tflite", "--layers")
for word in ["uint8", "CONV_2D", "FULLY_CONNECTED", "MACs", "arena", "preprocess", "labels"]:
    assert word in text, f"'{word}' is not in {text}"
text, _ = harness.run("inspect", run / "qat.safetensors", "--layers")
assert "liteqat_8bit" in text and "20,410" in text, text
for isa in ["reference", "avx2"]:
    forced = json.loads(harness.run("eval", run / "qat_int8.tflite", "--data", small, "--json", "-", env={"LITEQAT_ISA": isa})[0])
    assert forced["metrics"][0]["correct"] == in_run["qat_int8"], isa

# A full device and a closed stdout are errors of one sentence, and the environment overrides the recipe.
if pathlib.Path("/dev/full").exists():
    with open("/dev/full", "w") as full:
        done = subprocess.run([harness.BINARY, "inspect", str(run / "qat_int8.tflite")], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 3 and "stdout" in done.stderr, (done.returncode, done.stderr)


def with_closed(streams, *arguments):
    """The command with some of its standard streams closed, as daemons and cron jobs may start it."""
    return subprocess.run(["sh", "-c", f'exec "$@" {streams}', "sh", harness.BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=300)


told, model = run / "predictions", run / "qat_int8.tflite"
header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 28, 28, 1), }"
(work / "inputs.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00" + header.ljust(117).encode() + b"\n" + bytes(4 * 2 * 784))
for arguments in (["inspect", model], ["inspect", run / "float.safetensors", "--json", "-"], ["eval", model, "--data", small], ["bench", model],
                  ["compare", told / "float.npy", told / "qat_int8.npy", "--labels", told / "labels.npy"], ["explain", run / "run.json"],
                  ["audit", run], ["data", "info", small], ["data", "check", small], ["run", "-o", run, *SHORT],
                  ["data", "make", "--format", "mnist", "-o", work / "made", "--train", "20", "--test", "10"],
                  ["convert", run / "qat.safetensors", "-o", work / "closed.tflite", "--type", "int8"], ["--help"], ["--version"], ["eval", "--help"]):
    done = with_closed(">&-", *arguments, *([] if str(arguments[-1]).startswith("--") or arguments[0] == "data" else ["--quiet"]))
    assert done.returncode == 3 and done.stderr.splitlines()[-1] == "liteqat: stdout: cannot write the result", (arguments, done.returncode, done.stderr)
assert (work / "closed.tflite").read_bytes() == (work / "qat.tflite").read_bytes()
done = with_closed("<&- >&- 2>&-", "predict", model, work / "inputs.npy", "-o", work / "closed.npy")
assert done.returncode == 0 and (work / "closed.npy").stat().st_size == 128 + 4 * 2 * 10, done.returncode
for streams in ("2>&-", ">&- 2>&-", "<&- >&- 2>&-"):  # what a run tells on the way is in none of its files
    folder = work / "streams"
    shutil.rmtree(folder, ignore_errors=True)
    assert with_closed(streams, "run", "-o", folder, *SHORT).returncode == (0 if streams == "2>&-" else 3)
    for path in run.rglob("*"):
        if path.suffix in (".safetensors", ".tflite", ".npy") or path.name == "lock":
            assert (folder / path.relative_to(run)).read_bytes() == path.read_bytes(), f"{streams}: {path.relative_to(run)} differs"

# A limit on the size of files is an error of writing, no death by its signal.
(work / "limited.tflite").write_text("what was there before")
done = subprocess.run(["sh", "-c", 'ulimit -f 16 && exec "$@"', "sh", harness.BINARY, "convert", str(run / "float.safetensors"), "-o",
                       str(work / "limited.tflite"), "--type", "float32"], capture_output=True, text=True)
assert done.returncode == 3 and done.stderr.count("\n") == 1 and "limited.tflite: cannot write" in done.stderr, (done.returncode, done.stderr)
assert (work / "limited.tflite").read_text() == "what was there before" and not list(work.glob("limited*tmp*"))

# A limit on the address space is memory that cannot be had: a sentence and 3, or done, but no death by a signal, in no library either.
def within(megabytes, *arguments):
    return subprocess.run(["sh", "-c", f'ulimit -v {megabytes * 1024} && exec "$@"', "sh", harness.BINARY, *map(str, arguments)], capture_output=True, text=True)


least = next(megabytes for megabytes in range(40, 400, 4) if within(megabytes, "--version").returncode == 0)
starved = 0
for more in (4, 12, 20, 28, 36):
    for arguments in (["train", "mnist_guide", "-o", work / f"starved_{more}", "--quiet", "--threads", "2", *SHORT],
                      ["eval", run / "float.safetensors", "--data", small, "--threads", "2", "--quiet"]):
        done = within(least + more, *arguments)
        assert done.returncode in (0, 3), (least, more, arguments, done.returncode, done.stderr)
        if done.returncode == 3:
            assert done.stderr == "liteqat: out of memory\n", (least, more, arguments, done.stderr)
            starved += 1
assert starved >= 2, f"{least} MB and more were enough"
harness.run("train", "mnist_guide", "-o", work / "environment", *SHORT, env={"LITEQAT_TRAIN_EPOCHS": "2"})
assert "epochs = 2" in (work / "environment/recipe.toml").read_text()
print("help, streams, JSON, colour, stages alone, reuse, conversion and exit codes are as documented")
