"""What the reliability tests share: a tiny run, its command, the fault library, comparing folders. See fail_calls.c for the faults."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness

WORKERS = 2  # processes at a time; each computes with one thread
MODELS = (".safetensors", ".tflite", ".npy")


def fresh_folder(name):
    """An empty folder below the one CTest gives (the first argument)."""
    folder = pathlib.Path(sys.argv[1]) / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def make_data(folder):
    harness.run("data", "make", "--format", "mnist", "-o", folder, "--train", "300", "--test", "60")
    return folder


def run_command(data, folder, threads=1, settings=("train.epochs=2", "qat.epochs=1", "qat.calibration_images=40")):
    chosen = [part for setting in settings for part in ("--set", setting)]
    return [harness.BINARY, "run", "mnist", "--quiet", "--threads", str(threads), "--data", str(data), *chosen, "-o", str(folder)]


def execute(command, fault=None, library=None, limit=300, **more):
    """The finished process; with a fault, under the library. A hang of `limit` seconds fails the test."""
    environment = dict(os.environ)
    if fault or more:
        environment.update({"LD_PRELOAD": library, **({"FAIL_CALLS": fault} if fault else {}), **more})
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment, timeout=limit)


def count_calls(command, kind, library, folder):
    """How many calls of the kind a clean run of the command makes."""
    file = folder / "count"
    done = execute(command, f"{kind}:0:EIO", library, FAIL_COUNT=str(file))
    assert done.returncode == 0, done.stderr
    return int(file.read_text())


def compare_runs(whole, folder, title):
    """Models, predictions and run.json (but for times) of two run directories are the same."""
    for path in sorted(whole.rglob("*")):
        if path.suffix in MODELS and "checkpoints" not in path.parts:
            other = folder / path.relative_to(whole)
            assert other.exists(), f"{title}: {path.relative_to(whole)} is missing"
            assert other.read_bytes() == path.read_bytes(), f"{title}: {path.relative_to(whole)} differs"
    records = [harness.stable(json.loads((f / "run.json").read_text())) for f in (whole, folder)]
    assert records[0] == records[1], f"{title}: run.json differs"


def temporaries(folder):
    return [str(path.relative_to(folder)) for path in folder.rglob("*.liteqat-tmp-*")]


def one_sentence(done, title):
    """A failure is told in one line, by liteqat."""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("liteqat: "), f"{title}: exit {done.returncode}, expected one sentence on stderr, found {lines}"


def in_parallel(function, items):
    """function(item) for all items, WORKERS at a time; the first exception is raised."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(function, items))
