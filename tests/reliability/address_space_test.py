"""Under limits on the address space, from less than the program needs to start to more than it needs to end, every command ends with 0 or with
one sentence and its documented exit code, never by a signal.
address_space_test.py WORK_FOLDER STEP [COMMAND...]      STEP: of the limits, in MB (and a third of it where a command begins to live)"""
import resource
import shutil
import subprocess
import sys

import reliability as r

FIRST, LAST = 60, 600  # MB
step, chosen = int(sys.argv[2]), sys.argv[3:]
work = r.fresh_folder("address_space")
data = r.make_data(work / "data")
done = r.execute(r.run_command(data, work / "run", 2))
assert done.returncode == 0, done.stderr
model, stored = work / "run/qat_int8.tflite", work / "run/float.safetensors"
(work / "log.txt").write_text("float accuracy: 0.9375\nint8 accuracy: 0.94462\n| model | test accuracy |\n|---|---|\n| qat | 91.2 % |\n")
r.harness.run("convert", stored, "-o", work / "made.tflite", "--vectors", work / "vectors", "--eval", data, "--quiet")
inputs = work / "vectors/inputs.npy"

SETTINGS = [part for key in ("train.epochs=1", "qat.epochs=1", "qat.calibration_images=40") for part in ("--set", key)]
COMMANDS = {
    "train": lambda out: ["train", "mnist", "--data", data, *SETTINGS, "-o", out],
    "qat": lambda out: ["qat", "mnist", "--from", stored, "--data", data, *SETTINGS, "-o", out],
    "run": lambda out: ["run", "mnist", "--data", data, *SETTINGS, "-o", out],
    "eval": lambda out: ["eval", model, stored, "--data", data],
    "predict": lambda out: ["predict", model, inputs, "-o", out],
    "convert": lambda out: ["convert", stored, "-o", out],
    "calibrate": lambda out: ["convert", stored, "-o", out, "--type", "int8", "--calibrate", data, "--calibration-images", "40"],
    "inspect": lambda out: ["inspect", model],
    "audit": lambda out: ["audit", work / "run"],
    "explain": lambda out: ["explain", work / "log.txt"],
}
DOCUMENTED = {0, 1, 2, 3, 4}
starved, ended, faults = dict.fromkeys(COMMANDS, 0), dict.fromkeys(COMMANDS, 0), []


def within(name, megabytes):
    out = work / f"{name}_{megabytes}"
    command = [r.harness.BINARY, *map(str, COMMANDS[name](out)), "--quiet", "--threads", "2"]

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    done = subprocess.run(command, capture_output=True, text=True, timeout=300, preexec_fn=limit)
    if "error while loading shared libraries" in done.stderr:
        return None  # the loader's word, before the program begins
    if done.returncode not in DOCUMENTED:
        faults.append(f"{name} with {megabytes} MB: exit {done.returncode}\n{done.stderr}")
    elif done.returncode == 3:
        starved[name] += 1
        lines = done.stderr.splitlines()
        if len(lines) != 1 or not lines[0].startswith("liteqat: "):
            faults.append(f"{name} with {megabytes} MB: no single sentence but {lines}")
    elif done.returncode in (2, 4):
        faults.append(f"{name} with {megabytes} MB: exit {done.returncode}\n{done.stderr}")
    else:
        ended[name] += 1
    shutil.rmtree(out, ignore_errors=True)
    out.unlink(missing_ok=True)
    return done.returncode


for name in chosen or COMMANDS:
    codes = {megabytes: within(name, megabytes) for megabytes in range(FIRST, LAST + 1, step)}
    hungry = [megabytes for megabytes, code in codes.items() if code == 3]
    if hungry:  # where it lives or dies by a little
        for megabytes in range(hungry[0], hungry[-1] + step, max(1, step // 3)):
            if megabytes not in codes:
                codes[megabytes] = within(name, megabytes)
    print(f"{name}: {starved[name]} limits too low and told, {ended[name]} enough", flush=True)
    assert ended[name] > 0, f"{name} never ended within {LAST} MB"
assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults)
