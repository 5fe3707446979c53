#!/usr/bin/env python3
"""One training step of whole networks against JAX in float64: loss, every gradient, moving statistics, Adam's update.

Bound: the same step is made in JAX in float32, on the same weights. Its error against float64 (largest deviation over a tensor) is what
float32 sums of this length cost in another implementation; ours may be FACTOR times that plus FLOOR of the tensor's largest value. The
factor covers different orders of summation; a wrong term, index, mask or missing path is off by whole percents.

ReLU's derivative jumps: where its input is within rounding of a kink, float32 and float64 may take different sides, and one such unit
moves a gradient by percents. So both JAX runs take the sides that liteqat took, and each side is checked by itself: it may differ from
float64's own only where the input is as near to the kink as float32 in JAX deviates (times FACTOR).

Usage: train_step_test.py WORK_FOLDER TOOL NETWORK IMAGES
"""
import collections
import json
import os
import subprocess
import sys
import tempfile

FACTOR = 10.0
FLOOR = 2e-6  # about 32 ulp of float32

try:
    import jax
    import numpy as np
except ImportError as missing:
    print(f"skipped: {missing}; run scripts/setup for the oracle packages")
    sys.exit(1 if os.environ.get("LITEQAT_REQUIRE_ORACLES") == "1" else 77)

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp  # noqa: E402
from jax import lax  # noqa: E402


def convolution(x, w, op, groups):
    if groups == 1:
        dims = ("NHWC", "OHWI", "NHWC")
    else:  # 1HWC: one input channel a group
        w, dims = jnp.transpose(w, (1, 2, 0, 3)), ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, w, op["strides"], op["padding"], rhs_dilation=op["dilation"], dimension_numbers=dims,
                                    feature_group_count=groups)


def window(x, op, init, function):
    return lax.reduce_window(x, np.array(init, x.dtype)[()], function, (1, *op["window"], 1), (1, *op["strides"], 1), op["padding"])


def batch_norm(x, op, gamma, beta, statistics):
    axes = tuple(range(x.ndim - 1))
    mean, variance = jnp.mean(x, axes), jnp.var(x, axes)
    rows = x.size // x.shape[-1]
    corrected = variance * (rows / (rows - 1))
    for id_, value in ((op["inputs"][3], mean), (op["inputs"][4], corrected)):
        statistics[id_] = value
    return (x - mean) / jnp.sqrt(variance + op["epsilon"]) * gamma + beta


def relu(x, op, masks, kinks):
    """max(x, 0) or clip(x, 0, 6), with the derivative of the given mask."""
    id_, top = op["outputs"][0], 6.0 if op["kind"] == "RELU6" else np.inf
    kinks[id_] = x
    return lax.stop_gradient(jnp.clip(x, 0, top)) + jnp.where(masks[id_], x - lax.stop_gradient(x), 0)


def apply(op, values, constants, statistics):
    kind, inputs = op["kind"], op["inputs"]
    x = values[inputs[0]]

    def constant(k):
        return constants[inputs[k]]

    bias = constant(2) if kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED") and len(inputs) > 2 and inputs[2] >= 0 else 0
    if kind == "CONV_2D":
        return convolution(x, constant(1), op, 1) + bias
    if kind == "DEPTHWISE_CONV_2D":
        return convolution(x, constant(1), op, x.shape[-1]) + bias
    if kind == "FULLY_CONNECTED":
        return x @ constant(1).T + bias
    if kind == "BATCH_NORM":
        return batch_norm(x, op, constant(1), constant(2), statistics)
    if kind == "ADD":
        return x + values[inputs[1]]
    if kind == "HARD_SWISH":
        return jnp.where(x <= -3, 0, jnp.where(x >= 3, x, x * (x + 3) / 6))
    if kind == "LOGISTIC":
        return jax.nn.sigmoid(x)
    if kind == "MUL":
        return x * values[inputs[1]]
    if kind == "CONCATENATION":
        return jnp.concatenate([values[i] for i in inputs], op["axis"])
    if kind == "MAX_POOL_2D":
        return window(x, op, -jnp.inf, lax.max)
    if kind == "AVERAGE_POOL_2D":
        return window(x, op, 0, lax.add) / window(jnp.ones_like(x), op, 0, lax.add)
    if kind == "MEAN":
        return jnp.mean(x, (1, 2))
    if kind == "PAD":
        return jnp.pad(x, np.asarray(constant(1)))
    if kind == "RESHAPE":
        return x.reshape((x.shape[0], *np.asarray(constant(1))[1:]))
    raise SystemExit(f"the oracle does not know {kind}")


def loss_function(graph, images, labels, smoothing, masks):
    def compute(parameters, fixed):
        constants, statistics, kinks = {**fixed, **parameters}, {}, {}
        values = {graph["input"]: images}
        for op in graph["ops"]:
            if op["kind"] == "SOFTMAX":
                values[op["outputs"][0]] = values[op["inputs"][0]]  # the loss reads logits
                continue
            if op["kind"] in ("RELU", "RELU6"):
                values[op["outputs"][0]] = relu(values[op["inputs"][0]], op, masks, kinks)
                continue
            values[op["outputs"][0]] = apply(op, values, constants, statistics)
        log_probability = jax.nn.log_softmax(values[graph["output"]])
        classes = log_probability.shape[-1]
        target = jax.nn.one_hot(labels, classes, dtype=log_probability.dtype) * (1 - smoothing) + smoothing / classes
        return -jnp.mean(jnp.sum(target * log_probability, -1)), (statistics, kinks)

    return jax.value_and_grad(compute, has_aux=True)


Step = collections.namedtuple("Step", "loss gradients moved parameters masks kinks")


def step(folder, graph, dtype):
    constants = {i: np.load(f"{folder}/before_{i}.npy") for i, t in enumerate(graph["tensors"]) if t["constant"]}
    trained = {i for i in constants if os.path.exists(f"{folder}/gradient_{i}.npy")}
    shape = graph["tensors"][graph["input"]]["shape"]
    images = np.load(f"{folder}/images.npy").astype(dtype).reshape((-1, *shape[1:]))
    labels = np.load(f"{folder}/labels.npy")
    parameters = {i: constants[i].astype(dtype) for i in trained}
    integers = {i: c for i, c in constants.items() if c.dtype == np.int32}
    masks = {}
    for op in graph["ops"]:
        if op["kind"] in ("RELU", "RELU6"):
            id_ = op["outputs"][0]
            masks[id_] = np.load(f"{folder}/mask_{id_}.npy").astype(bool).reshape((-1, *graph["tensors"][id_]["shape"][1:]))
    # Integer constants (paddings, shapes) steer the trace and stay outside of it.
    compute = loss_function(graph, images, labels, 0.1, masks)
    (loss, (statistics, kinks)), gradients = jax.jit(lambda trained_now: compute(trained_now, integers))(parameters)
    momentum = {i: op["momentum"] for op in graph["ops"] if op["kind"] == "BATCH_NORM" for i in op["inputs"][3:]}
    moved = {i: momentum[i] * constants[i].astype(dtype) + (1 - momentum[i]) * np.asarray(v) for i, v in statistics.items()}
    kinks = {i: np.asarray(x) for i, x in kinks.items()}
    return Step(float(loss), {i: np.asarray(g) for i, g in gradients.items()}, moved, parameters, masks, kinks)


def adam_after_one_step(parameter, gradient):
    rate = 1e-3 * np.sqrt(1 - 0.999) / (1 - 0.9)
    return parameter - rate * (0.1 * gradient) / (np.sqrt(0.001 * gradient * gradient) + 1e-7)


def check_masks(graph, single, exact):
    """Lines about units whose side of a kink float32 rounding does not explain."""
    wrong, shared = [], 0
    for op in graph["ops"]:
        id_ = op["outputs"][0]
        if id_ not in exact.kinks:
            continue
        x, top = exact.kinks[id_], 6.0 if op["kind"] == "RELU6" else np.inf
        allowed = FACTOR * np.abs(single.kinks[id_] - x).max() + FLOOR
        different = ((x > 0) & (x < top)) != exact.masks[id_]
        distance = np.minimum(np.abs(x), np.abs(x - top))[different]
        shared += distance.size
        if distance.size and distance.max() > allowed:
            wrong.append(f"{graph['tensors'][id_]['name']}: on the other side of a kink {distance.max():.3g} away, allowed {allowed:.3g}")
    return wrong, shared


class Comparison:
    def __init__(self):
        self.worst = (0.0, "nothing")
        self.failed = []

    def add(self, name, ours, exact, single):
        exact = np.asarray(exact, np.float64)
        scale = np.abs(exact).max()
        allowed = FACTOR * np.abs(np.asarray(single, np.float64) - exact).max() + FLOOR * scale + 1e-12
        deviation = np.abs(np.asarray(ours, np.float64).reshape(exact.shape) - exact).max()
        self.worst = max(self.worst, (deviation / allowed, name))
        if not deviation <= allowed:
            self.failed.append(f"{name}: deviates by {deviation:.3g}, allowed {allowed:.3g}, largest value {scale:.3g}")


def main():
    work, tool, network, images = sys.argv[1:5]
    os.makedirs(work, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work) as folder:
        subprocess.run([tool, network, images, folder], check=True)
        with open(f"{folder}/graph.json", encoding="utf-8") as file:
            graph = json.load(file)
        exact, single = step(folder, graph, np.float64), step(folder, graph, np.float32)
        comparison = Comparison()
        comparison.add("loss", np.load(f"{folder}/loss.npy")[0], exact.loss, single.loss)
        for id_, gradient in exact.gradients.items():
            name = graph["tensors"][id_]["name"]
            ours = np.load(f"{folder}/gradient_{id_}.npy")
            comparison.add(f"gradient of {name}", ours, gradient, single.gradients[id_])
            # Adam's first step is nearly the gradient's sign: from our own gradient, or tiny gradients would decide the comparison.
            updated = np.load(f"{folder}/after_{id_}.npy").astype(np.float64)
            expected = adam_after_one_step(exact.parameters[id_], ours.astype(np.float64).reshape(gradient.shape))
            comparison.add(f"updated {name}", updated, expected, expected)
        for id_, moved in exact.moved.items():
            comparison.add(graph["tensors"][id_]["name"], np.load(f"{folder}/after_{id_}.npy"), moved, single.moved[id_])
    wrong, shared = check_masks(graph, single, exact)
    print(f"{network}: {len(exact.gradients)} gradients, loss {exact.loss:.9f}, {shared} units on the other side of a kink; closest to its "
          f"bound: {comparison.worst[1]} ({comparison.worst[0]:.2f} of it)")
    for line in comparison.failed + wrong:
        print(line)
    return 1 if comparison.failed or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
