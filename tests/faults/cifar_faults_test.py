#!/usr/bin/env python3
"""Faults on CIFAR-10, each injected for real into what MLPerf's ResNet-8 (float and int8) is fed with or claimed to reach; a short training of our own for what needs a run.

cifar_faults_test.py WORK_FOLDER EDIT_TFLITE"""
import pathlib
import shutil
import sys

from injection import Table, edit, evaluate, harness, list_operators, np, read_cifar, write_cifar

WORK, TOOL = pathlib.Path(sys.argv[1]) / "cifar_faults", sys.argv[2]
MODELS = harness.SHARED / "models"
FLOAT, INT8 = MODELS / "mlperf_tiny_resnet8_cifar10_float.tflite", MODELS / "mlperf_tiny_resnet8_cifar10_int8.tflite"
TRAIN, TEST = 250, 1000
BROKEN, ANY = {"problem"}, {"problem", "doubt"}


class Material:
    def __init__(self):
        parts = [read_cifar(f"data_batch_{i}.bin", TRAIN // 5) for i in range(1, 6)]
        self.train = np.concatenate([images for images, _ in parts]), np.concatenate([labels for _, labels in parts])
        self.test = read_cifar("test_batch.bin", TEST)
        self.data = write_cifar(WORK / "data", self.train, self.test)
        harness.run("eval", INT8, "--data", self.data, "--predictions", WORK / "answers", "-q")
        self.answers = np.load(WORK / "answers" / (INT8.stem + ".npy")).argmax(1)
        self.labels = self.test[1].astype(int)
        np.save(WORK / "labels.npy", self.labels)
        np.save(WORK / "own.npy", self.answers)

    def fed(self, name, images):
        """A folder with other test images."""
        return write_cifar(WORK / name, self.train, (images.astype(np.uint8), self.test[1]))


def grey(images):
    """Pillow's 'L': ITU-R BT.601 in integers."""
    return (images[..., 0].astype(int) * 19595 + images[..., 1].astype(int) * 38470 + images[..., 2].astype(int) * 7471 + 0x8000) >> 16


def softmax(scores):
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def fed_faults(table, m):
    """The figure of wrongly fed images, claimed for the model."""
    images = m.test[0]
    planes = images.transpose(0, 3, 1, 2).reshape(images.shape)
    wrong = [("blue first", "input.channel_order", ["--data", m.fed("bgr", images[..., ::-1])]),
             ("grey values in all channels", "input.channel_order", ["--data", m.fed("grey", np.repeat(grey(images)[..., None], 3, axis=3))]),
             ("planes (NCHW) read as pixels", "input.layout", ["--data", m.fed("nchw", planes)]),
             ("rows and columns exchanged", "input.layout", ["--data", m.fed("transposed", images.transpose(0, 2, 1, 3))]),
             ("0..1 where 0..255 is expected", "input.scale", ["--data", m.data, "--pixels", "0..1"]),
             ("-1..1 where 0..255 is expected", "input.scale", ["--data", m.data, "--pixels", "-1..1"]),
             ("CIFAR-10's mean and deviation where none is expected", "input.mean_std",
              ["--data", m.data, "--mean", "125.307", "122.95", "113.865", "--std", "62.9932", "62.0887", "66.7048"])]
    for fault, check, arguments in wrong:
        # One class for every image is what several wrong ranges print: they are one mistake.
        checks = {check} if check not in ("input.scale", "input.mean_std") else {"input.scale", "input.mean_std"}
        table.expect(fault, checks, ANY, FLOAT, "--data", m.data, "--claimed", f"test accuracy: {evaluate(FLOAT, *arguments)!r}")


def claimed_faults(table, m):
    right = m.answers == m.labels
    one_hot = np.eye(10, dtype=int)
    claims = [("one-hot vectors compared element by element", "metric.one_hot_elementwise", (one_hot[m.answers] == one_hot[m.labels]).mean()),
              ("labels of shape (N,1) broadcast", "metric.label_shape_broadcast", (m.labels[:, None] == m.answers).mean()),
              ("training images evaluated", "split.train", evaluate(INT8, "--data", m.data, "--split", "train")),
              ("mean of class accuracies", "metric.macro_average", np.mean([right[m.labels == c].mean() for c in range(10)]))]
    for fault, check, value in claims:
        table.expect(fault, {check}, ANY, INT8, "--data", m.data, "--claimed", f"test accuracy: {float(value)!r}")


def arithmetic(table, m):
    """XNNPACK's figure and XNNPACK's answers beside the reference's: right by their own arithmetic, and called by its name."""
    harness.run("eval", INT8, "--data", m.data, "--arithmetic", "xnnpack", "--predictions", WORK / "xnnpack", "-q")
    other = np.load(WORK / "xnnpack" / (INT8.stem + ".npy")).argmax(1)
    right = float((other == m.labels).mean())
    assert (other != m.answers).any() and right != float((m.answers == m.labels).mean()), "these images cannot tell the two arithmetics apart"
    table.expect_clear("XNNPACK's figure claimed", "runtime.arithmetic_profile", "under xnnpack (what test accuracy claims)", "test accuracy", INT8, "--data", m.data,
                       "--claimed", f"test accuracy: {right!r}")
    np.save(WORK / (INT8.stem + ".npy"), other)
    table.expect_clear("XNNPACK's answers as the model's", "runtime.mismatch", "under xnnpack in 0 of", INT8.stem, INT8, "--data", m.data, "--predictions",
                       WORK / (INT8.stem + ".npy"))


def extra_epochs(table):
    parts = [read_cifar(f"data_batch_{i}.bin", 400) for i in range(1, 6)]
    train = np.concatenate([images for images, _ in parts]), np.concatenate([labels for _, labels in parts])
    data = write_cifar(WORK / "extra_data", train, read_cifar("test_batch.bin", TEST))
    settings = ['data.dataset="cifar10"', "train.images=500", "train.epochs=6", "train.batch_size=50", "qat.batch_size=50", "qat.epochs=8", "qat.learning_rate=0.002", "qat.control=true"]
    harness.run("run", "mnist", "--data", data, "-o", WORK / "extra", "-q", *[part for x in settings for part in ("--set", x)])
    table.expect("quantized model trained far longer, with the matched control", {"training.extra_epochs"}, {"doubt"}, WORK / "extra", "--data", data)


def answered_faults(table, m):
    """Another way of feeding the model, known by the answers it left."""
    for fault, check, name in (("blue first, by its answers", "input.channel_order", "bgr"), ("grey values, by its answers", "input.channel_order", "grey"),
                               ("rows and columns exchanged, by its answers", "input.layout", "transposed")):
        harness.run("eval", FLOAT, "--data", WORK / name, "--predictions", WORK / name / "answers", "-q")
        table.expect(fault, {check}, ANY, FLOAT, "--data", m.data, "--predictions", WORK / name / "answers" / (FLOAT.stem + ".npy"))


def foreign_answers(table, m):
    """Answers to images changed in a way that no variant imitates: the file is not what the model says, and the finding says why that may be. A second softmax changes no answer."""
    images = m.test[0].astype(float)
    small = images.reshape(len(images), 16, 2, 16, 2, 3).mean((2, 4)).repeat(2, 1).repeat(2, 2)
    spread = np.maximum(images.std((1, 2, 3), keepdims=True), 1 / np.sqrt(images[0].size))
    standardized = np.clip((images - images.mean((1, 2, 3), keepdims=True)) / spread * 64 + 128, 0, 255)
    moved = np.stack([np.roll(image, tuple(shift), (0, 1))[:, ::flip] for image, shift, flip in
                      zip(images, np.random.default_rng(3).integers(-4, 5, (len(images), 2)), np.where(np.arange(len(images)) % 2, 1, -1))])
    for fault, changed in (("images made smaller and larger again", small), ("every image by its own mean and deviation", standardized),
                           ("augmentation of training left on", moved)):
        harness.run("eval", FLOAT, "--data", m.fed("foreign", changed.round()), "--predictions", WORK / "foreign" / "answers", "-q")
        table.expect(fault + ", by its answers", {"runtime.mismatch"}, ANY, FLOAT, "--data", m.data, "--predictions", WORK / "foreign" / "answers" / (FLOAT.stem + ".npy"))
        shutil.rmtree(WORK / "foreign")
    # Bytes of pixels handed over as they are to a model that takes int8: 128 and more become negative.
    np.save(WORK / "bytes.npy", m.test[0].view(np.int8))
    harness.run("predict", INT8, WORK / "bytes.npy", "--raw", "-o", WORK / (INT8.stem + ".npy"), "-q")
    table.expect("uint8 bytes read as int8, by the answers", {"input.scale"}, ANY, INT8, "--data", m.data, "--predictions", WORK / (INT8.stem + ".npy"))
    harness.run("eval", FLOAT, "--data", m.data, "--predictions", WORK / "once", "-q")
    np.save(WORK / "once" / (FLOAT.stem + ".npy"), softmax(np.load(WORK / "once" / (FLOAT.stem + ".npy"))))
    table.expect_clear("softmax applied twice", "runtime.mismatch", "in 0 of", FLOAT.stem, FLOAT, "--data", m.data, "--predictions", WORK / "once" / (FLOAT.stem + ".npy"))


def label_faults(table, m):
    rng = np.random.default_rng(5)
    blocks = m.answers.reshape(-1, 50)
    files = {"offset by one class": (m.answers + 1, "labels.offset"), "counted from one less": (m.answers - 1 + 10 * (m.answers == 0), "labels.offset"),
             "of whole batches in another order": (blocks[rng.permutation(len(blocks))].ravel(), "labels.order"),
             "with two classes exchanged": (np.array([0, 1, 2, 5, 4, 3, 6, 7, 8, 9])[m.answers], "labels.permutation"),
             "shuffled": (m.answers[rng.permutation(TEST)], "labels.order"),
             "in alphabetical class order": (np.array([0, 1, 2, 4, 5, 3, 7, 6, 8, 9])[m.answers], "labels.permutation")}
    for name, (answers, check) in files.items():
        np.save(WORK / "answers.npy", answers)
        table.expect(f"answers {name}", {check}, BROKEN, "--predictions", WORK / "answers.npy", "--labels", WORK / "labels.npy")
    np.save(WORK / "float.npy", np.where(np.arange(TEST) % 29 == 0, (m.answers + 3) % 10, m.answers)[:120])
    np.save(WORK / "int8.npy", m.answers[:120])
    np.save(WORK / "few.npy", m.labels[:120])
    table.expect("120 test images", {"noise.underpowered"}, {"doubt"}, "--predictions", WORK / "float.npy", "--predictions", WORK / "int8.npy", "--labels",
                 WORK / "few.npy")


def leaks(table, m):
    """A larger training split: copies among few images would be no rarer than among many."""
    parts = [read_cifar(f"data_batch_{i}.bin", 400) for i in range(1, 6)]
    train = np.concatenate([images for images, _ in parts]), np.concatenate([labels for _, labels in parts])
    images, labels = m.test
    shifted = np.roll(images, 1, axis=2)
    shifted[:, :, 0] = images[:, :, 0]
    brighter = np.clip(images.astype(int) * 11 // 10 + 8, 0, 255).astype(np.uint8)
    noisy = np.clip(images + np.random.default_rng(1).normal(0, 4, images.shape), 0, 255).astype(np.uint8)
    for fault, copies, count, check in (("1 % of the test images in training", images, TEST // 100, "split.leak"),
                                        ("10 % of the test images in training", images, TEST // 10, "split.leak"),
                                        ("10 %, shifted by a pixel", shifted, TEST // 10, "split.near_duplicates"),
                                        ("10 %, mirrored", images[:, :, ::-1], TEST // 10, "split.near_duplicates"),
                                        ("10 %, brighter", brighter, TEST // 10, "split.near_duplicates"),
                                        ("10 %, with noise", noisy, TEST // 10, "split.near_duplicates")):
        leaked = train[0].copy(), train[1].copy()
        leaked[0][:count], leaked[1][:count] = copies[:count], labels[:count]
        folder = write_cifar(WORK / "leak", leaked, m.test)
        table.expect(fault, {check}, BROKEN, "--predictions", WORK / "own.npy", "--data", folder)


def edited_models(table, m):
    kinds = [kind for kind, _ in list_operators(TOOL, INT8)]
    convs, add = [i for i, kind in enumerate(kinds) if kind == "CONV_2D"], kinds.index("ADD")
    faults = [("activation scale of a residual sum 10 times too small", {"quant.saturation"}, BROKEN, add, ("scale", add, 0.1)),
              ("four channels zeroed", {"quant.dead_channels"}, BROKEN, convs[2], ("channels", convs[2], 0, 4)),
              ("input scale halved", {"quant.saturation"}, BROKEN, "the input", ("scale", -1, 0.5)),
              ("input scale changed, bias left as it was", {"quant.layer_sqnr"}, BROKEN, convs[4], ("stale_scale", convs[3], 2)),
              ("activation scale 64 times too large", {"quant.layer_sqnr"}, BROKEN, convs[2], ("scale", convs[2], 64))]
    for fault, checks, verdicts, operator, words in faults:
        edit(TOOL, INT8, WORK / "int8.tflite", *words)
        table.expect(fault, checks, verdicts, FLOAT, WORK / "int8.tflite", "--data", m.data, "--pixels", "0..255", operator=operator)


def main():
    if not harness.CIFAR10.exists() or not INT8.exists():
        harness.skip(f"CIFAR-10 and MLPerf's models are not in {harness.SHARED} (LITEQAT_SHARED)")
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    material, table = Material(), Table("CIFAR-10, MLPerf's ResNet-8")
    for group in (label_faults, leaks, claimed_faults, arithmetic, fed_faults, answered_faults, foreign_answers, edited_models):
        group(table, material)
    extra_epochs(table)
    table.finish(WORK.parent / "cifar-faults.json")


main()
