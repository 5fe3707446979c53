"""README's commands, executed as written: DIR is the CIFAR-10 folder, and recipes that train for hours are shortened. readme_test.py WORK_FOLDER"""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import harness

try:
    import numpy as np
except ImportError as fault:
    harness.skip(f"the oracle environment lacks {fault.name} (scripts/setup --tests makes it)")
if not harness.CIFAR10.is_dir():
    harness.skip(f"{harness.CIFAR10} is not there")

work = pathlib.Path(sys.argv[1]) / "readme"
shutil.rmtree(work, ignore_errors=True)
(work / "data").mkdir(parents=True)
(work / "data/mnist").symlink_to(harness.MNIST)
np.save(work / "inputs.npy", (harness.read_idx("t10k-images-idx3-ubyte.gz")[:50, ..., None].astype(np.int16) - 128).astype(np.int8))
SHORT = "--set train.epochs=1 --set qat.epochs=1 --set qat.batch_size=32 --limit-images 64"

text = (harness.ROOT / "README.md").read_text()
assert "    scripts/demo " in text.split("\n\n## ")[0] and "    scripts/check " in text.split("\n\n## ")[0], "the first screen names both commands"
commands = [line.split(" #")[0].strip() for line in re.findall(r"^    (liteqat .*)$", text, re.M)]
assert len(commands) >= 8, commands
environment = {**os.environ, "PATH": str(pathlib.Path(harness.BINARY).parent) + ":" + os.environ["PATH"]}
for command in commands:
    shown = command
    if " mnist " in command + " " and "train" in command:
        command += " --set train.epochs=1 --limit-images 2000"
    if "bench --train" in command:
        command += " --seconds 1 --batch 8"
    elif "cifar10_" in command or "case_study" in command:
        command = re.sub(r"--limit-images \d+", "", command) + " " + SHORT
    command = re.sub(r"(--data|--calibrate) DIR", lambda option: f"{option[1]} {shlex.quote(str(harness.CIFAR10))}", command)
    command = command.replace("model.keras", shlex.quote(str(harness.SHARED / "models/mlperf_tiny_resnet8_cifar10.h5")))
    done = subprocess.run(shlex.split(command), cwd=work, env=environment, capture_output=True, text=True)
    print(f"{'ok  ' if done.returncode == 0 else 'FAIL'} {shown}")
    assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
outputs = np.load(work / "outputs.npy")
assert outputs.shape == (50, 10) and outputs.dtype == np.int8, (outputs.shape, outputs.dtype)
print(f"{len(commands)} commands of README.md run as written")
