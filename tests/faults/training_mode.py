"""A float network of ours in NumPy, from its .safetensors alone, with batch normalization in training mode: by the mean and variance of each batch. Independent of liteqat."""
import json
import struct

import numpy as np


def read_network(path):
    """(graph, {tensor name: array})."""
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:8 + size])
    graph = json.loads(header.pop("__metadata__")["liteqat.graph"])
    kinds = {"F32": np.float32, "I32": np.int32}
    arrays = {name: np.frombuffer(raw[8 + size + x["data_offsets"][0]:8 + size + x["data_offsets"][1]], kinds[x["dtype"]]).reshape(x["shape"]) for name, x in header.items()}
    return graph, arrays


def windows(x, kernel, stride, padding, fill):
    """[n, height, width, kernel_height, kernel_width, channels] with TensorFlow's SAME or VALID."""
    before_after = [(0, 0)] * 4
    if padding == "same":
        for axis in (1, 2):
            total = max((-(-x.shape[axis] // stride[axis - 1]) - 1) * stride[axis - 1] + kernel[axis - 1] - x.shape[axis], 0)
            before_after[axis] = total // 2, total - total // 2
    padded = np.pad(x, before_after, constant_values=fill)
    view = np.lib.stride_tricks.sliding_window_view(padded, kernel, (1, 2))[:, ::stride[0], ::stride[1]]
    return view.transpose(0, 1, 2, 4, 5, 3)


def compute(op, x, constants):
    kind, params = op["kind"], op["params"]
    if kind == "CONV_2D":
        weights = constants[0]  # OHWI
        y = np.tensordot(windows(x, weights.shape[1:3], params["stride"], params["padding"], 0), weights, ((3, 4, 5), (1, 2, 3)))
        return y + (constants[1] if len(constants) > 1 else 0)
    if kind == "DEPTHWISE_CONV_2D":
        weights = constants[0][0]
        y = np.einsum("nhwklc,klc->nhwc", windows(x, weights.shape[:2], params["stride"], params["padding"], 0), weights)
        return y + (constants[1] if len(constants) > 1 else 0)
    if kind == "BATCH_NORM":
        axes = tuple(range(x.ndim - 1))
        return (x - x.mean(axes)) / np.sqrt(x.var(axes) + params["epsilon"]) * constants[0] + constants[1]
    if kind == "RELU":
        return np.maximum(x, 0)
    if kind == "MAX_POOL_2D":
        return windows(x, params["filter"], params["stride"], params["padding"], -np.inf).max((3, 4))
    if kind == "MEAN":
        return x.mean((1, 2))
    if kind == "FULLY_CONNECTED":
        return x @ constants[0].T + constants[1]
    raise SystemExit(f"{kind} is not known here")


def predict(path, images, batch):
    """Scores [n, classes] of normalized images [n, h, w, c], `batch` at a time in their order."""
    graph, arrays = read_network(path)
    names = [tensor["name"] for tensor in graph["tensors"]]
    scores = []
    for begin in range(0, len(images), batch):
        values = {graph["inputs"][0]: images[begin:begin + batch].astype(np.float64)}
        for op in graph["ops"]:
            constants = [arrays[names[i]].astype(np.float64) for i in op["inputs"][1:] if names[i] in arrays]
            values[op["outputs"][0]] = compute(op, values[op["inputs"][0]], constants)
        scores.append(values[graph["outputs"][0]])
    return np.concatenate(scores).astype(np.float32)
