"""Runs killed by SIGKILL at random instants and at every change of a file, and interrupted by signals at random instants: the next run ends
with the bytes of an undisturbed one, whatever the thread count. kill_test.py WORK_FOLDER LIBRARY KILLS SIGNALS STEP [FIRST]
STEP: every how many-th change (0: none); FIRST: the number of the first random instant, of which the draws follow (scripts/soak goes on)."""
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import reliability as r

library, kills, signals, step = sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
first = int(sys.argv[6]) if len(sys.argv) > 6 else 0
SETTINGS = ("train.epochs=3", "qat.epochs=2", "qat.calibration_images=40")
work = r.fresh_folder("kills")
data = r.make_data(work / "data")
whole = work / "whole"
start = time.monotonic()
done = r.execute(r.run_command(data, whole, settings=SETTINGS))
assert done.returncode == 0, done.stderr
seconds = time.monotonic() - start
for threads in (2, 4):
    other = work / f"threads_{threads}"
    assert r.execute(r.run_command(data, other, threads, SETTINGS)).returncode == 0
    r.compare_runs(whole, other, f"{threads} threads")


def finish(folder, title, threads=1):
    again = r.execute(r.run_command(data, folder, threads, SETTINGS))
    assert again.returncode == 0, f"{title}: does not go on\n{again.stderr}"
    assert not r.temporaries(folder), f"{title}: temporaries are left: {r.temporaries(folder)}"
    r.compare_runs(whole, folder, title)
    shutil.rmtree(folder)


def kill_at_random(number):
    """Up to three kills in a row, the instants drawn over the whole run."""
    draw = random.Random(number)
    folder = work / f"kill_{number}"
    killed = 0
    for _ in range(draw.randint(1, 3)):
        process = subprocess.Popen(r.run_command(data, folder, draw.choice((1, 2, 4)), SETTINGS), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(draw.uniform(0, 1.2 * seconds))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            killed += 1
    finish(folder, f"kill {number}", draw.choice((1, 2, 4)))
    return killed


def kill_at_change(call, when):
    folder = work / f"change_{when}_{call}"
    done = r.execute(r.run_command(data, folder, settings=SETTINGS), f"change:{call}:{when}", library)
    assert done.returncode == -signal.SIGKILL, f"change {call}: exit {done.returncode}, SIGKILL expected"
    finish(folder, f"{when} at change {call}")


def kill_convert(call, when):
    """A command that replaces one file: it is the old or the new one, at whatever change it dies; the next writer leaves no temporary."""
    folder = work / f"convert_{when}_{call}"
    folder.mkdir()
    target = folder / "model.tflite"
    target.write_bytes(b"what was there before")
    done = r.execute([*CONVERT, target], f"change:{call}:{when}", library)
    assert done.returncode == -signal.SIGKILL, f"convert, change {call}: exit {done.returncode}, SIGKILL expected"
    assert target.read_bytes() in (b"what was there before", converted.read_bytes()), f"convert, {when} at change {call}: neither old nor new"
    assert r.execute([*CONVERT, target]).returncode == 0
    assert target.read_bytes() == converted.read_bytes()
    assert [path.name for path in folder.iterdir()] == ["model.tflite"], f"convert, {when} at change {call}: left {list(folder.iterdir())}"


def wait_for_handler(process, which):
    """Until the process catches the signal or ignores it, as under nohup (SigCgt and SigIgn of proc(5)): an earlier one meets the kernel's
    default, which is a kill, tested above."""
    deadline = time.monotonic() + 30
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        if any(int(mask, 16) >> (which - 1) & 1 for mask in re.findall(r"^Sig(?:Cgt|Ign):\s*([0-9a-f]+)$", status, re.M)):
            return
        assert time.monotonic() < deadline, f"{which.name} is not caught after 30 s"
        time.sleep(0.001)


def interrupt(number):
    """One signal: exit 130, or 0 where the run was done first. Two: the second ends it at once."""
    draw = random.Random(1000 + number)
    folder = work / f"signal_{number}"
    process = subprocess.Popen(r.run_command(data, folder, settings=SETTINGS), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    which = draw.choice((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    wait_for_handler(process, which)
    time.sleep(draw.uniform(0, seconds))
    process.send_signal(which)
    twice = draw.random() < 0.3
    sent = time.monotonic()
    if twice:
        process.send_signal(which)
    _, message = process.communicate(timeout=30)
    assert process.returncode in (0, 130), f"signal {number} ({which.name}): exit {process.returncode}\n{message}"
    assert not twice or time.monotonic() - sent < 1, f"signal {number}: the second one took {time.monotonic() - sent:.1f} s"
    assert twice or process.returncode == 0 or "go on with: " in message, f"signal {number}: {message}"
    finish(folder, f"signal {number}")
    return process.returncode == 130


killed = sum(r.in_parallel(kill_at_random, range(first, first + kills)))
if step == 0:
    print(f"{killed} SIGKILLs at random instants in {kills} runs: always the same bytes")
    sys.exit(0)
assert killed >= kills // 2, f"only {killed} of {kills} kills met a running process"
changes = r.count_calls(r.run_command(data, work / "counted", settings=SETTINGS), "change", library, work)
calls = range(1, changes + 1, step)
for when in ("kill", "killafter"):
    r.in_parallel(lambda call, when=when: kill_at_change(call, when), calls)
converted = work / "converted.tflite"
CONVERT = [r.harness.BINARY, "convert", whole / "qat.safetensors", "--type", "int8", "--quiet", "-o"]
converts = range(1, r.count_calls([*CONVERT, converted], "change", library, work) + 1)
assert len(converts) >= 5, f"convert changes files {len(converts)} times only"
for when in ("kill", "killafter"):
    r.in_parallel(lambda call, when=when: kill_convert(call, when), converts)
interrupted = sum(r.in_parallel(interrupt, range(signals)))
assert interrupted >= signals // 2, f"only {interrupted} of {signals} signals met a running process"
print(f"{killed} SIGKILLs at random instants, {2 * len(calls)} at {len(calls)} of {changes} changes of files (before and after), {2 * len(converts)} in convert, {interrupted} of {signals} signals"
      " met a running process: always the same bytes")
