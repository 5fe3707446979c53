"""An interrupted run goes on where it was and ends with the same bytes: SIGINT, SIGKILL, and a damaged newest checkpoint. resume_test.py WORK_FOLDER"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import harness

work = pathlib.Path(sys.argv[1]) / "resume"
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)
data = work / "data"
harness.run("data", "make", "--format", "mnist", "-o", data, "--train", "6000", "--test", "200")
COMMAND = ["run", "mnist", "--quiet", "--data", data, "--set", "train.epochs=6", "--set", "qat.epochs=3", "--set", "qat.calibration_images=100"]


def start(folder, command=COMMAND):
    return subprocess.Popen([harness.BINARY, *map(str, command), "-o", str(folder)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def wait_for(folder, pattern, process):
    """Until a checkpoint matching the pattern exists, or the process ends."""
    while process.poll() is None and not list(folder.glob(pattern)):
        time.sleep(0.005)


def compare(folder, title):
    for path in sorted(whole.rglob("*")):
        if path.suffix in (".safetensors", ".tflite", ".npy") and "checkpoints" not in path.parts:
            assert (folder / path.relative_to(whole)).read_bytes() == path.read_bytes(), f"{title}: {path.relative_to(whole)} differs"
    records = [harness.stable(json.loads((f / "run.json").read_text())) for f in (whole, folder)]
    assert records[0] == records[1], f"{title}: run.json differs"


whole = work / "whole"
harness.run(*COMMAND, "-o", whole)

polite = work / "polite"
process = start(polite)
wait_for(polite, "checkpoints/float-epoch-0002*", process)
process.send_signal(signal.SIGINT)
_, message = process.communicate()
assert process.returncode == 130, (process.returncode, message)
assert "go on with: " in message and str(polite) in message, message
_, progress = harness.run(*[a for a in COMMAND if a != "--quiet"], "-o", polite)
assert re.search("going on (in|after) epoch", progress), progress
compare(polite, "SIGINT")

# One epoch of many batches: what was done of it is kept, and again what was done after that.
LONG = ["run", "mnist", "--quiet", "--data", data, "--set", "train.epochs=1", "--set", "train.batch_size=2", "--set", "qat.epochs=0"]
harness.run(*LONG, "-o", work / "long_whole")
inside = work / "long"
done, pause = [1], 0.2
while len(done) < 3:
    process = start(inside, LONG)
    wait_for(inside, "checkpoints/lock", process)
    time.sleep(pause)
    process.send_signal(signal.SIGTERM)
    _, message = process.communicate()
    assert process.returncode == 130 and "go on with: " in message, (process.returncode, message)
    step = int(re.search(r"epoch 1, step (\d+)", message)[1])
    assert step >= done[-1], f"step {step} after {done}: what was done was lost"
    if step == done[-1]:  # interrupted before its first batch: a slow machine
        pause *= 2
        continue
    assert (inside / "checkpoints/float-part.safetensors").exists(), message
    done.append(step)
_, progress = harness.run(*[a for a in LONG if a != "--quiet"], "-o", inside)
assert "going on in epoch 1 of 1, after" in progress, progress
assert not (inside / "checkpoints/float-part.safetensors").exists()
for path in ("float.safetensors", "float32.tflite", "predictions/float.npy"):
    if (work / "long_whole" / path).exists():
        assert (inside / path).read_bytes() == (work / "long_whole" / path).read_bytes(), f"interrupted inside an epoch: {path} differs"

killed = work / "killed"
for pattern in ["checkpoints/float-epoch-0001*", "checkpoints/float-epoch-0004*", "checkpoints/qat-epoch-0001*", "qat_int8.tflite*"]:
    process = start(killed)
    wait_for(killed, pattern, process)
    process.kill()
    process.communicate()
harness.run(*COMMAND, "-o", killed)
compare(killed, "SIGKILL")

damaged = work / "damaged"
process = start(damaged)
wait_for(damaged, "checkpoints/float-epoch-0003*", process)
process.kill()
process.communicate()
newest = sorted(damaged.glob("checkpoints/float-epoch-*.safetensors"))[-1]
newest.write_bytes(newest.read_bytes()[:-100])
_, progress = harness.run(*[a for a in COMMAND if a != "--quiet"], "-o", damaged)
assert "not usable" in progress, progress
compare(damaged, "damaged checkpoint")
assert len(list(damaged.glob("checkpoints/float-epoch-*"))) <= 2, "more than two checkpoints are kept"
print("SIGINT, four SIGKILLs and a damaged checkpoint: same bytes as an uninterrupted run")
