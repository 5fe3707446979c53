"""The CIFAR recipes on real CIFAR-10, shortened: LiteRT equality on up to 1,000 images, float against integer evaluation, determinism, --pretrained.

cifar_test.py WORK_FOLDER"""
import multiprocessing
import pathlib
import shutil
import sys
import tomllib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracle"))
import harness

try:
    import numpy as np
    import litert
except ImportError as fault:
    harness.skip(f"the oracle environment lacks {fault.name} (scripts/setup --tests makes it)")
if not (harness.CIFAR10 / "test_batch.bin").exists():
    harness.skip(f"CIFAR-10's binary files are not in {harness.CIFAR10} (LITEQAT_SHARED names the folder above data/)")

IMAGES = 1000
PROCESSES = 2
# Enough steps that the networks do not give every image the same class, at a momentum at which the moving statistics settle in so few.
SHORT = {
    "cifar10_resnet8": ["train.epochs=6", "qat.images=256"],
    "cifar10_mobilenet_v2": ["train.images=512", "train.batch_size=32", "train.learning_rate=0.003", "train.warmup_epochs=0",
                             "model.batch_norm_momentum=0.5", "qat.images=64"],
    "case_study": ["train.epochs=2", "train.images=1000", "model.batch_norm_momentum=0.5", "qat.images=640", "qat.learning_rate=0.0003"],
}
DEFAULTS = ["train.epochs=1", "qat.epochs=1", "qat.batch_size=32", "qat.calibration_images=64", "qat.control=false"]
# Images that LiteRT's reference kernels are asked for, integer and float models: fewer where a network is large.
COMPARED = {"cifar10_resnet8": (1000, 1000), "cifar10_mobilenet_v2": (250, 50), "case_study": (1000, 500)}


work = pathlib.Path(sys.argv[1]) / "cifar"
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)


def run_recipe(name, folder, *extra):
    keys = {setting.split("=")[0]: setting for setting in DEFAULTS + SHORT[name]}
    settings = [part for setting in keys.values() for part in ("--set", setting)]
    return harness.run("run", name, "--data", harness.CIFAR10, "-o", folder, "--limit-images", IMAGES, "--quiet", *settings, *extra)[0]


def load_images(name):
    """The test images as the recipe normalizes them, by another implementation."""
    data = tomllib.loads((harness.ROOT / f"recipes/{name}.toml").read_text())["data"]
    pixels = harness.read_cifar10_test()[0][:IMAGES].astype(np.float32)
    return (pixels - np.array(data["mean"], np.float32)) / np.array(data["std"], np.float32)


def run_litert(model, images, kernels="reference"):
    parts = [(model, part, kernels) for part in np.array_split(images, PROCESSES)]
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        return np.concatenate(pool.starmap(litert.run, parts))


def check_recipe(name):
    folder = work / name
    print(run_recipe(name, folder, "--threads", "2"), flush=True)
    scores = {model: np.load(folder / f"predictions/{model}.npy") for model in ("qat", "qat_int8", "ptq_int8", "float32")}
    images = load_images(name)
    integers, floats = COMPARED[name]
    reference = {}
    for model, count in (("qat_int8", integers), ("ptq_int8", integers), ("float32", floats)):
        reference[model] = run_litert(folder / f"{model}.tflite", images[:count])
        ours = scores[model][:count]
        unequal = int((ours.view(np.uint32) != reference[model].view(np.uint32)).sum())
        print(f"{name} {model}: {unequal} of {ours.size} output values differ from LiteRT's reference kernels")
        assert unequal == 0, f"{name} {model}"
    # The float evaluation knows where the integers round (docs/decisions/0005): what is left is SOFTMAX and codes at rounding edges.
    scores = {model: values[:integers] for model, values in scores.items()}
    xnnpack = run_litert(folder / "qat_int8.tflite", images[:integers], "xnnpack")
    ours = int((scores["qat"].argmax(1) != scores["qat_int8"].argmax(1)).sum())
    theirs = int((reference["qat_int8"].argmax(1) != xnnpack.argmax(1)).sum())
    print(f"{name}: of {integers} images qat and qat_int8 differ on {ours}, LiteRT's reference kernels and XNNPACK on {theirs}")
    assert theirs > 0, f"{name}: no two runtimes differ, so the network is too dull to compare with"
    assert ours <= theirs, name
    step = np.abs(scores["qat"] - scores["qat_int8"]).max(1) * 256
    print(f"{name}: scores of qat and qat_int8 within 1.5 steps of 1/256 on {int((step <= 1.5).sum())} images, at most {step.max():.2f} apart")


for recipe in SHORT:
    check_recipe(recipe)

# Same seed, same bytes, for one thread and two.
first, second = work / "cifar10_resnet8", work / "one_thread"
run_recipe("cifar10_resnet8", second, "--threads", "1")
compared = 0
for path in sorted(first.rglob("*")):
    if path.suffix in (".safetensors", ".tflite", ".npy") and "checkpoints" not in path.parts:
        other = second / path.relative_to(first)
        assert path.read_bytes() == other.read_bytes(), f"{path.relative_to(first)} differs between one thread and two"
        compared += 1
assert compared >= 10, compared

# A pretrained model stands in for float training; one of another network is refused and named.
third = work / "pretrained"
run_recipe("cifar10_resnet8", third, "--pretrained", first / "float.safetensors")
for path in ("predictions/float.npy", "float32.tflite", "qat_int8.tflite"):
    assert (third / path).read_bytes() == (first / path).read_bytes(), f"{path} depends on how the float model came about"
_, message = harness.run("run", "cifar10_resnet8", "--data", harness.CIFAR10, "-o", work / "refused", "--limit-images", IMAGES, "--pretrained",
                         work / "case_study/float.safetensors", expect=3)
assert "does not fit" in message and "case_study" in message, message
print("CIFAR recipes: LiteRT equality, agreement of float and integer evaluation, determinism and --pretrained hold")
