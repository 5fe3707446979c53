"""Training over several processes under mpirun: the bytes of one process, one voice, and a sentence where a rank differs or fails. ranks_test.py WORK_FOLDER"""
import json
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import harness
import ranks

ranks.require_mpi()
work = pathlib.Path(sys.argv[1]) / "ranks"
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)
data, other_data = work / "data", work / "other_data"
harness.run("data", "make", "--format", "mnist", "-o", data, "--train", "700", "--test", "60")
harness.run("data", "make", "--format", "mnist", "-o", other_data, "--train", "700", "--test", "60", "--seed", "9")
SETTINGS = ["--set", "train.epochs=2", "--set", "qat.epochs=2", "--set", "qat.calibration_images=40"]


def command(folder, *more, threads=1, given=data):
    return [harness.BINARY, "run", "mnist", "--data", given, "--threads", threads, *SETTINGS, *more, "-o", folder]


def run(count, folder, *more):
    """The whole output of a job that must succeed."""
    job = ranks.start([*ranks.mpirun(count), *command(folder, *more)])
    out, text = job.communicate(timeout=120)
    assert job.returncode == 0, f"{count} ranks: exit {job.returncode}\n{text}"
    return out, text


def compare(whole, folder, title):
    """Every model and answer is the same; the record too, but for times and who computed."""
    for path in sorted(whole.rglob("*")):
        if path.suffix in (".safetensors", ".tflite", ".npy"):
            assert (folder / path.relative_to(whole)).read_bytes() == path.read_bytes(), f"{title}: {path.relative_to(whole)} differs"
    records = [harness.stable(json.loads((f / "run.json").read_text())) for f in (whole, folder)]
    assert records[0] == records[1], f"{title}: run.json differs"


for forward in ("fake_quant", "integer"):
    setting = ("--set", f"qat.forward={forward}")
    whole = work / f"one_{forward}"
    harness.run(*command(whole, *setting, threads=2)[1:])
    for count in (2, 3):
        folder = work / f"{count}_ranks_{forward}"
        out, progress = run(count, folder, *setting)
        compare(whole, folder, f"{forward}, {count} ranks")
        assert out.count("Report: ") == 1, f"the table is printed once\n{out}"
        assert progress.count("float epoch 2/2") == 1, f"epochs are told once\n{progress}"
        assert json.loads((folder / "run.json").read_text())["environment"]["ranks"] == count

# tfmot_8bit has batch norm and moving ranges in the forward; only QAT, from the float model above.
scheme = ["--set", "qat.scheme=tfmot_8bit", "--set", "qat.control=false", "--pretrained", work / "one_integer/float.safetensors"]
harness.run(*command(work / "one_tfmot", *scheme, threads=2)[1:])
run(2, work / "2_ranks_tfmot", *scheme)
compare(work / "one_tfmot", work / "2_ranks_tfmot", "tfmot_8bit, 2 ranks")

# Dropout, clipping, averaged weights and learned ranges: what each rank computes for itself has the same bytes too.
extras = [word for key in ("train.dropout=0.2", "train.clip_norm=1.0", "train.ema_decay=0.9", "qat.dropout=0.1", "qat.ranges=learned", "qat.forward=fake_quant") for word in ("--set", key)]
harness.run(*command(work / "one_extras", *extras, threads=2)[1:])
run(2, work / "2_ranks_extras", *extras)
compare(work / "one_extras", work / "2_ranks_extras", "dropout, clipping, averages and learned ranges, 2 ranks")

# MobileNetV2: 1x1 convolutions that the depthwise ones behind them take along, whose moments come from those of their input.
cifar = work / "cifar"
harness.run("data", "make", "--format", "cifar10", "-o", cifar, "--train", "70", "--test", "20")
small = [word for key in ("train.epochs=1", "train.batch_size=32", "train.dropout=0.2", "qat.epochs=1", "qat.batch_size=32", "qat.calibration_images=20") for word in ("--set", key)]


def train_mobilenet(folder, threads, *mpirun):
    for words in (["train", "cifar10_mobilenet_v2", "--data", cifar, *small, "-o", folder], ["qat", "--from", folder / "float.safetensors"]):
        job = ranks.start([*mpirun, harness.BINARY, *words, "--threads", threads])
        _, text = job.communicate(timeout=120)
        assert job.returncode == 0, f"{words}: exit {job.returncode}\n{text}"


train_mobilenet(work / "one_mobilenet", 2)
train_mobilenet(work / "2_ranks_mobilenet", 1, *ranks.mpirun(2))
for name in ("float.safetensors", "qat.safetensors"):
    assert (work / "one_mobilenet" / name).read_bytes() == (work / "2_ranks_mobilenet" / name).read_bytes(), f"MobileNetV2, 2 ranks: {name} differs"

# Finished stages are reused by any number of ranks.
_, progress = run(2, work / "one_integer", "--set", "qat.forward=integer")
assert "float: finished before, reused" in progress and "epoch" not in progress, progress


def refused(job, expected, title):
    code, said, seconds = ranks.finish(job, title)
    assert code != 0 and len(said) == 1 and expected in said[0], f"{title}: exit {code}, expected one sentence with '{expected}', found {said}"
    return seconds


def two_commands(first, second):
    return [*ranks.mpirun(1), *first, ":", "-n", "1", *second]


refused(ranks.start(two_commands(command(work / "a"), command(work / "a", given=other_data))), "liteqat: rank 1: the data's checksum here is ", "other data")
refused(ranks.start(two_commands(command(work / "b"), command(work / "b", "--set", "train.batch_size=64"))), "liteqat: rank 1: the recipe's hash here is ", "another recipe")
refused(ranks.start(two_commands(command(work / "c"), command(work / "c", given=work / "nowhere"))), "liteqat: rank 1: ", "no data on rank 1")
refused(ranks.start([*ranks.mpirun(2), *command(work / "one_tfmot")]), "holds a run of another recipe", "a folder that is taken")
refused(ranks.start([*ranks.mpirun(2), *command(work / "d", "--set", "train.batch_size=1")]), "1 parts for 2 ranks", "a batch too small")
refused(ranks.start([*ranks.mpirun(2), *command(work / "g", "--set", "qat.batch_size=1")]), "qat: a batch of 1 images has 1 parts for 2 ranks", "a batch of a later stage too small")
assert not (work / "g/float.safetensors").exists(), "the float model was trained before the job was refused"
refused(ranks.start([*ranks.mpirun(2), *command(work / "e", "--set", "train.learning_rate=1e30")]), "not finite", "a loss that is not finite")
refused(ranks.start([*ranks.mpirun(2), *command(work / "f")], LITEQAT_RANK_TIMEOUT="soon"), "LITEQAT_RANK_TIMEOUT is 'soon'", "a time-out that is none")
print("2 and 3 ranks: the bytes of one process with two threads, under fake_quant, integer and tfmot_8bit, with dropout, averages and learned ranges, and of MobileNetV2; eight faults, one sentence each")
