"""Bad input as a user meets it: one sentence, the documented exit code, nothing overwritten. bad_input_test.py WORK_FOLDER"""
import gzip
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import harness

work = pathlib.Path(sys.argv[1]) / "bad_input"
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)
small = work / "small"
harness.run("data", "make", "--format", "mnist", "-o", small, "--train", "400", "--test", "100")
SHORT = ["--quiet", "--data", small, "--set", "train.epochs=1", "--set", "qat.images=100", "--set", "qat.calibration_images=50", "--set", "qat.batch_size=50"]
harness.run("run", "-o", work / "run", *SHORT)
precious = {p: p.read_bytes() for p in (work / "run").rglob("*") if p.is_file() and p.name != "lock"}


def damaged(name, change):
    folder = work / name
    shutil.copytree(small, folder)
    change(folder)
    return folder


def rewrite(file, change):
    def apply(folder):
        path = next(folder.glob(file + "*"))
        raw = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
        raw = change(bytearray(raw))
        path.write_bytes(gzip.compress(bytes(raw)) if path.suffix == ".gz" else bytes(raw))
    return apply


def patched(offset, value):
    def change(raw):
        raw[offset] = value
        return raw
    return change


IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
MODEL = work / "run/qat_int8.tflite"
(work / "text.tflite").write_text("this is no model, but long enough to be read as one")
(work / "cut.tflite").write_bytes(MODEL.read_bytes()[:2000])
(work / "cut.safetensors").write_bytes((work / "run/float.safetensors").read_bytes()[:5000])
(work / "unknown_key.toml").write_text('name = "x"\n[train]\nepoch = 3\n')
(work / "other.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".ljust(117) + b"\n" + bytes(24))
header = b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 28, 28, 1), }".ljust(117) + b"\n"
(work / "nan.npy").write_bytes(header + bytes(12) + b"\x00\x00\xc0\x7f" + bytes(4 * 780))
(work / "again").mkdir()
shutil.copy(MODEL, work / "again")
(work / "file").write_text("a file where a folder is expected")
DATA_CASES = [
    ("missing file", lambda f: next(f.glob(IMAGES + "*")).unlink(), [IMAGES]),
    ("truncated", rewrite(IMAGES, lambda raw: raw[:-7]), [IMAGES, "byte"]),
    ("trailing", rewrite(IMAGES, lambda raw: raw + b"xx"), [IMAGES]),
    ("wrong magic", rewrite(LABELS, patched(2, 13)), [LABELS, "offset 0"]),
    ("label out of range", rewrite(LABELS, patched(8 + 5, 200)), [LABELS, "offset 13", "200"]),
]
for title, change, words in DATA_CASES:
    folder = damaged(title.replace(" ", "_"), change)
    _, message = harness.run("run", "-o", work / "never", "--quiet", "--data", folder, expect=3)
    assert message.startswith("liteqat: ") and message.count("\n") == 1, f"{title}: {message!r}"
    for word in words:
        assert word in message, f"{title}: '{word}' is not in {message!r}"
    assert not (work / "never").exists(), f"{title}: the run directory was created although the data are bad"

CASES = [
    ("unknown recipe", ["run", "mnist_giude"], 2, ["did you mean 'mnist_guide'"]),
    ("unknown key typed", ["run", "--set", "train.epoch=3"], 2, ["did you mean 'train.epochs'"]),
    ("unknown key in a file", ["run", work / "unknown_key.toml"], 3, ["unknown_key.toml", "line 3", "train.epochs"]),
    ("unknown command", ["rum"], 2, []),
    ("no data", ["run", "cifar10_resnet8", "-o", work / "never"], 2, ["--data"]),
    ("wrong folder", ["run", "-o", work / "never", "--data", work], 3, ["train-images"]),
    ("another recipe", ["run", "-o", work / "run", *SHORT, "--seed", "3"], 3, ["--fresh"]),
    ("unwritable folder", ["run", "-o", work / "file/run", *SHORT], 3, ["file"]),
    ("NaN loss", ["run", "-o", work / "nan", *SHORT, "--set", "train.learning_rate=1e30", "--set", "train.optimizer=sgd"], 3, ["epoch 1", "step"]),
    ("pretrained that does not fit", ["run", "mnist", "-o", work / "never_fits", "--data", small, "--pretrained", work / "run/float.safetensors"], 3, ["does not fit"]),
    ("damaged pretrained", ["run", "-o", work / "never_cut", *SHORT, "--pretrained", work / "cut.safetensors"], 3, ["cut.safetensors"]),
    ("not a model", ["inspect", work / "text.tflite"], 3, ["text.tflite"]),
    ("truncated model", ["inspect", work / "cut.tflite"], 3, ["cut.tflite"]),
    ("missing model", ["inspect", work / "absent.tflite"], 3, ["absent.tflite"]),
    ("wrong input shape", ["predict", MODEL, work / "other.npy", "-o", work / "out.npy", "--raw"], 3, ["[2,3]", "[1,28,28,1]"]),
    ("int8 without calibration", ["convert", work / "run/float.safetensors", "-o", work / "x.tflite", "--type", "int8"], 2, ["--calibrate"]),
    ("unknown type", ["convert", work / "run/float.safetensors", "-o", work / "x.tflite", "--type", "int3"], 2, ["int3"]),
    ("unknown arithmetic", ["eval", MODEL, "--data", small, "--arithmetic", "exact"], 2, ["litert-reference"]),
    ("mean for other channels", ["eval", MODEL, "--data", small, "--mean", "1,2", "--std", "3,4"], 3, ["qat_int8.tflite"]),
    ("mean without std", ["eval", MODEL, "--data", small, "--mean", "1"], 2, ["--std"]),
    ("NaN in the inputs", ["predict", MODEL, work / "nan.npy", "-o", work / "out.npy"], 3, ["nan.npy", "element 3"]),
    ("two models of one name", ["eval", MODEL, work / "again/qat_int8.tflite", "--data", small, "--predictions", work / "never"], 2, ["qat_int8.npy"]),
    ("unknown isa", ["eval", MODEL, "--data", small], 2, ["LITEQAT_ISA"]),
]
for title, arguments, code, words in CASES:
    env = {"LITEQAT_ISA": "mmx"} if title == "unknown isa" else None
    out, message = harness.run(*arguments, expect=code, env=env)
    assert message.startswith("liteqat: ") or "\nliteqat: " in message, f"{title}: {message!r}"
    for word in words:
        assert word in message, f"{title}: '{word}' is not in {message!r}"
# Pipes that nobody writes into, devices without end, and keys whose tables would end the program when they are freed.
for ending in ("tflite", "keras", "h5", "safetensors", "txt", "toml", "npy", "png"):
    os.mkfifo(work / f"pipe.{ending}")
shutil.copytree(small, work / "piped")
next((work / "piped").glob("t10k-images*")).unlink()
os.mkfifo(work / "piped/t10k-images-idx3-ubyte")
(work / "keys.toml").write_text("a" + ".a" * 400_000 + " = 1\n")
OUT = work / "never.out"
ENDLESS = [
    (["inspect", work / "pipe.tflite"], "is a pipe that nothing is written into"),
    (["convert", work / "pipe.keras", "-o", OUT], "pipe.keras: is a pipe"),
    (["convert", work / "pipe.h5", "-o", OUT], "pipe.h5: is a pipe"),
    (["convert", work / "pipe.safetensors", "-o", OUT], "is a pipe"),
    (["explain", work / "pipe.txt"], "is a pipe"),
    (["run", work / "pipe.toml", "-o", OUT], "is a pipe"),
    (["predict", MODEL, work / "pipe.npy", "-o", OUT], "is a pipe"),
    (["predict", MODEL, work / "pipe.png", "-o", OUT], "pipe"),
    (["eval", MODEL, "--data", work / "piped"], "t10k-images-idx3-ubyte: is a pipe"),
    (["inspect", "/dev/zero"], "/dev/zero: more than 1048576 bytes"),
    (["explain", "/dev/zero"], "/dev/zero: more than 1048576 bytes"),
    (["predict", MODEL, "/dev/zero", "-o", OUT], "/dev/zero: more than 1048576 bytes"),
    (["run", work / "keys.toml", "-o", OUT], "keys.toml, line 1: a key of more than 32 parts"),
    (["train", "mnist", "-o", OUT, "--set", "train.epochs={a" + ".a" * 40_000 + "=1}"], "'train.epochs' must be an integer"),
]
for arguments, words in ENDLESS:
    done = subprocess.run([harness.BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert done.returncode in (2, 3) and done.stderr.count("\n") == 1 and words in done.stderr, f"{arguments}: {done.returncode} {done.stderr[:500]!r}"
    assert not OUT.exists(), arguments

# Control characters in names and in files' texts are shown, not sent to the terminal; a sentence stays one line.
described = MODEL.read_bytes()
assert b"The TensorFlow" in described  # in the model, and perhaps in its metadata
(work / "described.tflite").write_bytes(described.replace(b"The TensorFlow", b"A\x1b[2J\x07 network"))
out, _ = harness.run("inspect", work / "described.tflite")
assert "A\\x1b[2J\\x07" in out and "\x1b" not in out and "\x07" not in out, out
_, message = harness.run("inspect", work / "a\nname\x1b[31m.tflite", expect=3)
assert message.count("\n") == 1 and "a\\x0aname\\x1b[31m.tflite" in message, message
# A pretrained file that was replaced is not silently taken for the one the run was made from.
shutil.copy(work / "run/float.safetensors", work / "start.safetensors")
harness.run("run", "-o", work / "from_start", *SHORT, "--pretrained", work / "start.safetensors")
shutil.copy(work / "run/float_control.safetensors", work / "start.safetensors")
_, message = harness.run("run", "-o", work / "from_start", *SHORT, "--pretrained", work / "start.safetensors", expect=3)
assert "another pretrained file" in message, message
for path, content in precious.items():
    assert path.read_bytes() == content, f"{path} was changed"
assert not (work / "never").exists() and not (work / "x.tflite").exists() and not (work / "out.npy").exists()
print(f"{len(DATA_CASES) + len(CASES) + len(ENDLESS)} kinds of bad input: one sentence, the right code, nothing overwritten")
