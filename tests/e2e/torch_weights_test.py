"""Weights of PyTorch models: torchvision's MobileNetV2 and ResNets, saved as safetensors under torchvision's names with random values, give what
NumPy computes in float64 by PyTorch's own definitions (NCHW, symmetric padding, pooling padded with -infinity, epsilon 1e-5).

torch_weights_test.py WORK_FOLDER"""
import json
import pathlib
import shutil
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import harness

try:
    import numpy as np
except ImportError as fault:
    harness.skip(f"the oracle environment lacks {fault.name} (scripts/setup --tests makes it)")

work = pathlib.Path(sys.argv[1]) / "torch_weights"
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)
EPSILON = 1e-5
rng = np.random.default_rng(11)


def save(path, arrays):
    header, data = {}, b""
    for name, array in arrays.items():
        kind = {"float32": "F32", "float16": "F16", "int64": "I64"}[array.dtype.name]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


class Torch:
    """Layers by module name; makes the state_dict as it goes and computes in float64."""

    def __init__(self):
        self.state = {}

    def new(self, name, shape, deviation):
        self.state[name] = (deviation * rng.standard_normal(shape)).astype(np.float32)
        return self.state[name].astype(np.float64)

    def conv(self, name, x, filters, kernel=1, stride=1, groups=1):
        channels, padding = x.shape[1] // groups, (kernel - 1) // 2
        w = self.new(name + ".weight", (filters, channels, kernel, kernel), (2 / (channels * kernel * kernel)) ** 0.5)
        x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
        windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), (2, 3))[:, :, ::stride, ::stride]
        if groups == 1:
            return np.einsum("ncyxij,ocij->noyx", windows, w, optimize=True)
        return np.einsum("ncyxij,cij->ncyx", windows, w[:, 0], optimize=True)

    def norm(self, name, x):
        channels = x.shape[1]
        _, beta, mean = (self.new(f"{name}.{part}", (channels,), 0.2) for part in ("weight", "bias", "running_mean"))
        self.state[name + ".weight"] += np.float32(1)
        self.state[name + ".running_var"] = rng.uniform(0.5, 1.5, channels).astype(np.float32)
        self.state[name + ".num_batches_tracked"] = np.array(7, np.int64)
        scale = self.state[name + ".weight"].astype(np.float64)
        scale = scale / np.sqrt(self.state[name + ".running_var"].astype(np.float64) + EPSILON)
        return (x - mean[:, None, None]) * scale[:, None, None] + beta[:, None, None]

    def linear(self, name, x, classes):
        w = self.new(name + ".weight", (classes, x.shape[1]), x.shape[1] ** -0.5)
        return x @ w.T + self.new(name + ".bias", (classes,), 0.1)


def relu6(x):
    return np.clip(x, 0, 6)


def mobilenet_v2(net, x, alpha, classes):
    def width(value):
        multiple = max(8, int(value * alpha + 4) // 8 * 8)
        return multiple + 8 if multiple < 0.9 * value * alpha else multiple

    x = relu6(net.norm("features.0.1", net.conv("features.0.0", x, width(32), 3, 2)))
    index = 1
    for expansion, filters, repeat, first_stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
                                                     (6, 320, 1, 1)):
        for block in range(repeat):
            stride, name, y, part = first_stride if block == 0 else 1, f"features.{index}.conv", x, 0
            if expansion > 1:
                y, part = relu6(net.norm(f"{name}.0.1", net.conv(f"{name}.0.0", y, expansion * x.shape[1]))), 1
            y = relu6(net.norm(f"{name}.{part}.1", net.conv(f"{name}.{part}.0", y, y.shape[1], 3, stride, y.shape[1])))
            y = net.norm(f"{name}.{part + 2}", net.conv(f"{name}.{part + 1}", y, width(filters)))
            x = x + y if stride == 1 and x.shape == y.shape else y
            index += 1
    x = relu6(net.norm("features.18.1", net.conv("features.18.0", x, 1280)))
    return net.linear("classifier.1", x.mean((2, 3)), classes)


def resnet(net, x, blocks, bottleneck, alpha, classes):
    relu = lambda values: np.maximum(values, 0)
    x = relu(net.norm("bn1", net.conv("conv1", x, int(64 * alpha), 7, 2)))
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    x = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))[:, :, ::2, ::2].max((4, 5))
    for stage, count in enumerate(blocks):
        filters = int((64 << stage) * alpha)
        for block in range(count):
            name, stride = f"layer{stage + 1}.{block}", 2 if block == 0 and stage > 0 else 1
            if bottleneck:
                y = relu(net.norm(f"{name}.bn1", net.conv(f"{name}.conv1", x, filters)))
                y = relu(net.norm(f"{name}.bn2", net.conv(f"{name}.conv2", y, filters, 3, stride)))
                y = net.norm(f"{name}.bn3", net.conv(f"{name}.conv3", y, 4 * filters))
            else:
                y = relu(net.norm(f"{name}.bn1", net.conv(f"{name}.conv1", x, filters, 3, stride)))
                y = net.norm(f"{name}.bn2", net.conv(f"{name}.conv2", y, filters, 3))
            if x.shape != y.shape:
                x = net.norm(f"{name}.downsample.1", net.conv(f"{name}.downsample.0", x, y.shape[1], 1, stride))
            x = relu(x + y)
    return net.linear("fc", x.mean((2, 3)), classes)


NETWORKS = {
    "torchvision_mobilenet_v2": (0.35, lambda net, x: mobilenet_v2(net, x, 0.35, 10)),
    "torchvision_resnet18": (0.25, lambda net, x: resnet(net, x, (2, 2, 2, 2), False, 0.25, 10)),
    "torchvision_resnet34": (0.125, lambda net, x: resnet(net, x, (3, 4, 6, 3), False, 0.125, 10)),
    "torchvision_resnet50": (0.125, lambda net, x: resnet(net, x, (3, 4, 6, 3), True, 0.125, 10)),
}
images = rng.integers(0, 256, (6, 32, 32, 3)).astype(np.uint8)
np.save(work / "x.npy", images)
harness.run("data", "make", "--format", "cifar10", "-o", work / "data", "--train", 100, "--test", 20)


def load(network, weights, name, *flags, expect=0):
    """A run without a training step, with PyTorch's pixels and epsilon. Returns (model, stderr)."""
    alpha = NETWORKS[network][0]
    _, said = harness.run("train", "cifar10_resnet8", "--set", f"model.architecture={network}", "--set", f"model.alpha={alpha}", "--weights",
                          weights, "--data", work / "data", "--set", "train.epochs=0", "--set", "data.mean=[127.5]", "--set", "data.std=[60]",
                          "-o", work / name, *flags, expect=expect)
    return work / name / "float.safetensors", said


def outputs(model):
    harness.run("convert", model, "-o", work / "m.tflite", "--quiet")
    harness.run("predict", work / "m.tflite", work / "x.npy", "-o", work / "y.npy", "--quiet")
    return np.load(work / "y.npy")


# Sums of at most 2,304 products in float32 against float64, in at most 53 layers whose residual sums keep values of the size of the
# outputs: 53 * 2304 * 2^-24 of the largest at worst, and rounding errors do not all add up. A wrong padding or order is off by a tenth.
BOUND = 53 * 2304 * 2**-24
PYTORCH = ["--set", "model.batch_norm_epsilon=1e-5"]
saved = {}
for network, (alpha, compute) in NETWORKS.items():
    net = Torch()
    # The same values as the tool feeds: (pixel - mean) / std rounded to float32.
    expected = compute(net, ((images.astype(np.float32) - np.float32(127.5)) / np.float32(60)).transpose(0, 3, 1, 2).astype(np.float64))
    saved[network] = (net.state, expected)
    model, said = load(network, save(work / f"{network}.safetensors", net.state), network, *PYTORCH)
    weights = sum(not name.endswith("num_batches_tracked") for name in net.state)
    assert f"loaded          {weights:>3}" in said and "skipped           0" in said and "epsilon" not in said, said
    found = outputs(model)
    assert np.ptp(expected, 0).max() > 0.1 * np.abs(expected).max(), f"{network}: every image answered alike"
    error = np.abs(found - expected).max() / np.abs(expected).max()
    assert error <= BOUND, f"{network}: off by {error} of the largest output"

# Another epsilon is said; float16 weights; another head; a map of names, which Keras' MobileNetV2 needs none of.
state, expected = saved["torchvision_resnet18"]
path = work / "torchvision_resnet18.safetensors"
assert "epsilon 0.001 here" in load("torchvision_resnet18", path, "other_epsilon")[1]
half = {name: array.astype(np.float16) if array.dtype == np.float32 else array for name, array in state.items()}
assert np.abs(outputs(load("torchvision_resnet18", save(work / "half.safetensors", half), "half", *PYTORCH)[0]) - expected).max() < 0.02 * np.abs(expected).max()
head = {**state, "fc.weight": state["fc.weight"][:7], "fc.bias": state["fc.bias"][:7]}
save(work / "head.safetensors", head)
assert "('fc.weight') has shape [7,128] in PyTorch's order, the network needs [10,128]; --reinit fc" in load(
    "torchvision_resnet18", work / "head.safetensors", "head", *PYTORCH, expect=3)[1]
said = load("torchvision_resnet18", work / "head.safetensors", "head", *PYTORCH, "--reinit", "fc", "--fresh")[1]
assert "reinitialised     2  fc/kernel, fc/bias" in said and "skipped           2  fc.bias, fc.weight" in said, said
renamed = {name.replace("conv1.", "stem.", 1) if name.startswith("conv1.") else name: array for name, array in state.items()}
save(work / "renamed.safetensors", renamed)
(work / "map.toml").write_text('[layers]\n"conv1" = "stem"\n')
mapped = outputs(load("torchvision_resnet18", work / "renamed.safetensors", "mapped", *PYTORCH, "--weight-map", work / "map.toml")[0])
assert np.abs(mapped - expected).max() <= BOUND * np.abs(expected).max()
NETWORKS["mobilenet_v2_keras"] = NETWORKS["torchvision_mobilenet_v2"]
assert "skipped           0" in load("mobilenet_v2_keras", work / "torchvision_mobilenet_v2.safetensors", "keras_names", *PYTORCH)[1]

# Files that cannot be used.
for name, change, wanted in (("nan", {"fc.bias": np.full(10, np.nan, np.float32)}, "array 'fc.bias': element 0 is nan"),
                             ("integers", {"fc.bias": np.zeros(10, np.int64)}, "array 'fc.bias' is int64"),
                             ("turned", {"conv1.weight": state["conv1.weight"].transpose(2, 3, 1, 0).copy()}, "weight 'conv1/kernel'")):
    said = load("torchvision_resnet18", save(work / f"{name}.safetensors", {**state, **change}), "refused", *PYTORCH, "--fresh", expect=3)[1]
    assert wanted in said and f"{name}.safetensors" in said, said
(work / "cut.safetensors").write_bytes(path.read_bytes()[:-4])
load("torchvision_resnet18", work / "cut.safetensors", "refused", *PYTORCH, "--fresh", expect=3)
for text, wanted in (("[layers]\nconv1 = 3\n", "'conv1' must be"), ("[layer]\n", "unknown key 'layer'"), ("[layers]\nnone = 'a'\n", "no layer 'none'"),
                     ("[layers\n", "line 1")):
    (work / "map.toml").write_text(text)
    said = load("torchvision_resnet18", path, "refused", *PYTORCH, "--fresh", "--weight-map", work / "map.toml", expect=3)[1]
    assert wanted in said and "map.toml" in said, said
print("torchvision's MobileNetV2 and ResNet-18, 34, 50 from safetensors: as NumPy computes them")
