"""The main job on real MNIST, as a user runs it: files, record, figures, LiteRT equality on all 10,000 images, reuse, determinism.

main_job_test.py WORK_FOLDER"""
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracle"))
import harness

try:
    import numpy as np
    import litert
except ImportError as fault:
    harness.skip(f"the oracle environment lacks {fault.name} (scripts/setup --tests makes it)")

work = pathlib.Path(sys.argv[1]) / "main_job"
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)
first, second = work / "two_threads", work / "one_thread"

table, progress = harness.run("run", "-o", first, "--threads", "2")
print(table)
record = json.loads((first / "run.json").read_text())
assert record["schema"] == "liteqat/run/1"

# Every model, measured on the same 10,000 images, with count and interval.
labels = np.load(first / "predictions/labels.npy")
assert np.array_equal(labels, harness.read_idx("t10k-labels-idx1-ubyte.gz"))
metrics = {m["model"]: m for m in record["metrics"]}
assert list(metrics) == ["float", "float_control", "qat", "float32", "ptq_int8", "qat_int8"], list(metrics)
predicted = {}
for name, metric in metrics.items():
    scores = np.load(first / f"predictions/{name}.npy")
    assert scores.dtype == np.float32 and scores.shape == (10000, 10), (name, scores.dtype, scores.shape)
    predicted[name] = scores.argmax(1)
    correct = int((predicted[name] == labels).sum())
    assert (metric["correct"], metric["total"]) == (correct, 10000), (name, metric["correct"], correct)
    assert metric["value"] == correct / 10000 and metric["interval"]["low"] < metric["value"] < metric["interval"]["high"]
    assert metric["agreement"] == int((predicted[name] == predicted["float"]).sum()), name
    assert f"{correct}/10000" in table.replace(",", ""), f"{name}: {correct}/10000 is not in the table"
    assert correct > 9300, f"{name}: {correct} of 10,000 is no trained MNIST model"
assert metrics["float"]["correct"] == metrics["float32"]["correct"], "the float32 file is the float model"
differing = int((predicted["qat"] != predicted["qat_int8"]).sum())
print(f"qat and qat_int8 differ on {differing} of 10,000 images")
assert differing <= 20, f"qat and qat_int8 differ on {differing} of 10,000 images, at most 20 (0.2 %) are allowed"

# The files open in LiteRT and its reference kernels give every byte we give, on all test images.
images = harness.read_idx("t10k-images-idx3-ubyte.gz").astype(np.float32)[..., None] / np.float32(255)
np.save(work / "images.npy", images)
for name in ["float32", "ptq_int8", "qat_int8"]:
    model = first / f"{name}.tflite"
    harness.run("predict", model, work / "images.npy", "-o", work / f"{name}.npy", "--raw")
    ours, theirs = np.load(work / f"{name}.npy"), litert.run(model, images)
    assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
    unequal = int((ours.view(np.uint32) != theirs.view(np.uint32)).sum())
    print(f"{name}: {unequal} of {ours.size} output values differ from LiteRT's reference kernels")
    assert unequal == 0, name
    assert np.array_equal(ours, np.load(first / f"predictions/{name}.npy")), f"{name}: eval and predict disagree"

# An integer-only model: same bytes without any float on the way.
harness.run("convert", first / "qat.safetensors", "-o", work / "int8_io.tflite", "--type", "int8", "--io", "int8")
pixels = harness.read_idx("t10k-images-idx3-ubyte.gz")[..., None]
codes = (pixels.astype(np.int16) - 128).astype(np.int8)
np.save(work / "codes.npy", codes)
harness.run("predict", work / "int8_io.tflite", work / "codes.npy", "-o", work / "int8_io.npy", "--raw")
assert np.array_equal(np.load(work / "int8_io.npy"), litert.run(work / "int8_io.tflite", codes))

# Finished stages are not repeated; another recipe is refused and nothing is touched.
before = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in first.glob("*.tflite")}
_, progress = harness.run("run", "-o", first)
assert "reused" in progress, progress
_, message = harness.run("run", "-o", first, "--seed", "9", expect=3)
assert "--fresh" in message, message
assert before == {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in first.glob("*.tflite")}

# Same seed, same bytes, for one thread and two.
harness.run("run", "-o", second, "--threads", "1", "--quiet")
for path in sorted(first.rglob("*")):
    if path.suffix in (".safetensors", ".tflite", ".npy") and "checkpoints" not in path.parts:
        other = second / path.relative_to(first)
        assert path.read_bytes() == other.read_bytes(), f"{path.relative_to(first)} differs between one thread and two"
assert harness.stable(record) == harness.stable(json.loads((second / "run.json").read_text()))

# The report of this run opens in a browser without a console message.
opened = subprocess.run([sys.executable, str(harness.ROOT / "tests/report/open_report_test.py"), str(first / "report.html"), str(work / "report")])
assert opened.returncode in (0, harness.SKIP), opened.returncode
print("main job: files, figures, LiteRT equality, reuse and determinism hold")
