"""Every call that changes a file fails once, or from then on: the command says so in one sentence, leaves no temporary, spoils nothing that
was there, and the next run ends with the bytes of an undisturbed one. The same for reads, threads and allocations.
system_faults_test.py WORK_FOLDER LIBRARY STEP      (STEP 1: every call; N: every N-th; of allocations fewer)"""
import shutil
import sys

import numpy as np

import reliability as r

library, step = sys.argv[2], int(sys.argv[3])
work = r.fresh_folder("system_faults")
data = r.make_data(work / "data")
whole = work / "whole"
done = r.execute(r.run_command(data, whole))
assert done.returncode == 0, done.stderr


def tell(name, made, total):
    """What has been done stands there before the next can fail."""
    print(f"{name:34} {made:6} of {total}: as it should be", flush=True)


def exit_code_allowed(done, title):
    assert done.returncode >= 0, f"{title}: killed by signal {-done.returncode}"
    assert done.returncode in (0, 3), f"{title}: exit {done.returncode}\n{done.stderr}"
    if done.returncode == 3:
        r.one_sentence(done, title)


def places(name, command_of, kind, every):
    """1, 1 + every, ...: the calls of the kind that the command makes."""
    shutil.rmtree(work / f"{name}_count_{kind}", ignore_errors=True)
    total = r.count_calls(command_of(work / f"{name}_count_{kind}"), kind, library, work)
    assert total > 0 or kind == "unlink", f"the command makes no call of kind {kind}"
    return range(1, total + 1, every), total


def spoil_run(kind, fault, every):
    """The whole main job with a fault at each place, then again without one."""
    def one(call):
        title = f"run, {kind} {call}: {fault}"
        folder = work / f"run_{kind}_{fault}_{call}".replace("+", "_on")
        done = r.execute(r.run_command(data, folder), f"{kind}:{call}:{fault}", library)
        exit_code_allowed(done, title)
        if fault in ("short", "EINTR") and kind in ("write", "read"):
            assert done.returncode == 0, f"{title}: an interrupted or short call is no error\n{done.stderr}"
        if "+" not in fault and kind != "unlink":
            assert not r.temporaries(folder) if folder.exists() else True, f"{title}: left {r.temporaries(folder)}"
        again = r.execute(r.run_command(data, folder))
        assert again.returncode == 0, f"{title}: does not go on\n{again.stderr}"
        assert not r.temporaries(folder), f"{title}: still there after the next run: {r.temporaries(folder)}"
        r.compare_runs(whole, folder, title)
        shutil.rmtree(folder)
    calls, total = places("run", lambda folder: r.run_command(data, folder), kind, every)
    r.in_parallel(one, calls)
    tell(f"run: {kind} {fault}", len(calls), total)


def spoil_file(name, arguments, kind, fault):
    """A command that replaces one file: it is the old or the new one afterwards, and the exit code says which."""
    new = work / f"{name}_new"
    command = [r.harness.BINARY, *arguments, "-o"]
    assert r.execute([*command, new]).returncode == 0
    new = new.read_bytes()

    def one(call):
        title = f"{name}, {kind} {call}: {fault}"
        folder = r.pathlib.Path(work / f"{name}_{kind}_{fault}_{call}".replace("+", "_on"))
        folder.mkdir()
        target = folder / "target"
        target.write_bytes(b"what was there before")
        done = r.execute([*command, target], f"{kind}:{call}:{fault}", library)
        exit_code_allowed(done, title)
        there = target.read_bytes()
        assert there == new if done.returncode == 0 else there in (new, b"what was there before"), f"{title}: exit {done.returncode}, neither old nor new"
        if kind != "unlink" and "+" not in fault:
            assert [p.name for p in folder.iterdir()] == ["target"], f"{title}: left {list(folder.iterdir())}"
        shutil.rmtree(folder)
    calls, total = places(name, lambda folder: [*command, folder], kind, 1)
    r.in_parallel(one, calls)
    tell(f"{name}: {kind} {fault}", len(calls), total)


for kind, faults in {"open": ("EACCES", "EMFILE"), "write": ("ENOSPC", "ENOSPC+", "EIO", "short", "EINTR"), "fsync": ("EIO", "EIO+"), "close": ("EIO",),
                     "rename": ("EIO", "EROFS+"), "mkdir": ("EACCES",), "unlink": ("EIO",), "read": ("short", "EINTR", "EIO"), "thread": ()}.items():
    for fault in faults:
        spoil_run(kind, fault, step)
convert = ["convert", whole / "qat.safetensors", "--type", "int8", "--quiet"]
for kind, fault in (("open", "EACCES"), ("write", "ENOSPC"), ("write", "ENOSPC+"), ("write", "short"), ("fsync", "EIO"), ("close", "EIO"), ("rename", "EIO"), ("read", "EIO")):
    spoil_file("convert", convert, kind, fault)

# Threads that cannot be had: fewer work, with the same result.
for fault in ("EAGAIN", "EAGAIN+"):
    folder = work / f"threads_{fault.replace('+', '_on')}"
    done = r.execute(r.run_command(data, folder, threads=4), f"thread:1:{fault}", library)
    assert done.returncode == 0, f"no threads: exit {done.returncode}\n{done.stderr}"
    r.compare_runs(whole, folder, "no threads")
    tell(f"run: thread {fault}", 1, 1)

# Allocations: load and invoke, then the whole job at fewer places.
images = work / "images.npy"
np.save(images, np.zeros((2, 28, 28, 1), np.float32))


def starve(name, command_of, every):
    """Load and invoke, and conversion: out of memory is a sentence like any other."""
    def one(call):
        title = f"{name}, allocation {call}"
        output = work / f"{name}_alloc_{call}"
        exit_code_allowed(r.execute(command_of(output), f"alloc:{call}:ENOMEM", library), title)
        output.unlink(missing_ok=True)
    calls, total = places(name, command_of, "alloc", every)
    r.in_parallel(one, calls)
    tell(f"{name}: alloc", len(calls), total)


def starve_run(every):
    """Training computes with oneDNN, whose 2.6 reads through the null pointer of a failed allocation: the process may die, the run may not."""
    def one(call):
        title = f"run, allocation {call}"
        folder = work / f"run_alloc_{call}"
        killed = r.execute(r.run_command(data, folder), f"alloc:{call}:ENOMEM", library).returncode < 0
        again = r.execute(r.run_command(data, folder))
        assert again.returncode == 0, f"{title}: does not go on\n{again.stderr}"
        r.compare_runs(whole, folder, title)
        shutil.rmtree(folder)
        return killed
    calls, total = places("run", lambda folder: r.run_command(data, folder), "alloc", every)
    tell(f"run: alloc ({sum(r.in_parallel(one, calls))} died in training)", len(calls), total)


starve("predict", lambda output: [r.harness.BINARY, "predict", whole / "qat_int8.tflite", images, "-o", output], 8 * step)
starve("convert", lambda output: [r.harness.BINARY, *convert, "-o", output], 8 * step)  # the destructors of JSON values allocate: 1 in 200
starve_run(2900 * step)
