#!/usr/bin/env python3
"""Post-training quantization against TensorFlow's converter and ai-edge-quantizer: one float model, one calibration set, the same test images.

    compare_ptq.py MODEL.safetensors --data CIFAR10_DIR --tensorflow PYTHON --ai-edge PYTHON [--images 1000] [--out DIR] [--json FILE]

PYTHON are interpreters of environments with tensorflow 2.19 and with ai-edge-quantizer. MODEL must carry its input normalization. The float32 .tflite that
liteqat writes is what the peers quantize; all calibrate on the first --images training images (both with int8 weights per channel, int8 activations, float
ends). Every file is then evaluated by `liteqat eval` and each of ours compared with each of theirs by the exact McNemar test of `liteqat compare`.
"""

import argparse
import itertools
import json
import pathlib
import subprocess
import sys

import numpy as np

OURS = {
    "liteqat default": [],
    "liteqat minmax nearest": ["--calibrator", "minmax", "--rounding", "nearest", "--no-bias-correction"],
    "liteqat minmax": ["--calibrator", "minmax"],
    "liteqat moving-average": ["--calibrator", "moving-average"],
    "liteqat mse": ["--calibrator", "mse"],
    "liteqat entropy": ["--calibrator", "entropy"],
    "liteqat equalize": ["--equalize"],
    "liteqat reestimate": ["--reestimate"],
}
PEERS = {
    "TensorFlow 2.19": ("tensorflow", """
import sys, numpy as np, os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from tensorflow.lite.python import convert
from tensorflow.lite.python.optimize import calibrator
source, images, out = sys.argv[1:]
model, images = open(source, "rb").read(), np.load(images)
calibrated = calibrator.Calibrator(model).calibrate(lambda: ([image[None]] for image in images))
open(out, "wb").write(convert.mlir_quantize(calibrated))
"""),
    "ai-edge-quantizer": ("ai_edge", """
import sys, numpy as np
from ai_edge_quantizer import quantizer, recipe
source, images, out = sys.argv[1:]
images = np.load(images)
task = quantizer.Quantizer(source, recipe.static_wi8_ai8())
from ai_edge_litert.interpreter import Interpreter
signature, ends = next(iter(Interpreter(model_path=source).get_signature_list().items()))
result = task.calibrate({signature: [{ends["inputs"][0]: image[None]} for image in images]})
task.quantize(result).export_model(out, overwrite=True)
"""),
}


def normalization(model):
    """Mean and std per channel in pixel units, as the .safetensors' graph says."""
    content = pathlib.Path(model).read_bytes()
    graph = json.loads(json.loads(content[8:8 + int.from_bytes(content[:8], "little")])["__metadata__"]["liteqat.graph"])
    return graph["info"]["normalization"]["mean"], graph["info"]["normalization"]["std"]


def calibration_images(data, count, mean, std):
    """The first images of the training split as the model takes them, float32 NHWC."""
    raw = np.fromfile(pathlib.Path(data) / "data_batch_1.bin", np.uint8, 3073 * count).reshape(-1, 3073)[:, 1:]
    return (raw.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).astype(np.float32) - np.float32(mean)) / np.float32(std)


def slug(name):
    return name.lower().replace(" ", "_").replace(".", "_")


def run(command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode > 1:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--data", required=True)
    parser.add_argument("--liteqat", default="build/release/liteqat")
    parser.add_argument("--tensorflow", required=True)
    parser.add_argument("--ai-edge", dest="ai_edge", required=True)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--out", default="build/compare_ptq")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    out = pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    mean, std = normalization(arguments.model)
    np.save(out / "images.npy", calibration_images(arguments.data, arguments.images, mean, std))
    source = out / "float32.tflite"
    run([arguments.liteqat, "convert", arguments.model, "-o", source, "--type", "float32"])
    files = {"float": source}
    for name, (environment, script) in PEERS.items():
        files[name] = out / (slug(name) + ".tflite")
        run([getattr(arguments, environment), "-c", script, source, out / "images.npy", files[name]])
    for name, options in OURS.items():
        files[name] = out / (slug(name) + ".tflite")
        run([arguments.liteqat, "convert", arguments.model, "-o", files[name], "--type", "int8", "--calibrate", arguments.data, "--calibration-images",
             arguments.images, "--calibration-order", "first", *options])
    evaluated = json.loads(run([arguments.liteqat, "eval", *files.values(), "--data", arguments.data, "--predictions", out / "predictions", "--json", "-", "-q",
                                "--mean", *mean, "--std", *std]))
    record = {"model": pathlib.Path(arguments.model).name, "calibration_images": arguments.images, "models": {}, "pairs": []}
    for (name, file), metric in zip(files.items(), evaluated["metrics"]):
        record["models"][name] = {"correct": metric["correct"], "total": metric["total"], "bytes": file.stat().st_size}
        print(f"{name:26} {metric['correct']:6d}/{metric['total']}  {file.stat().st_size:9,d} bytes", flush=True)
    for ours, peer in itertools.product(OURS, PEERS):
        predictions = [out / "predictions" / (slug(name) + ".npy") for name in (ours, peer)]
        pair = json.loads(run([arguments.liteqat, "compare", *predictions, "--labels", out / "predictions" / "labels.npy", "--json", "-", "-q"]))
        record["pairs"].append({"ours": ours, "peer": peer, "p_exact": pair["mcnemar"]["p_exact"],
                                **{key: pair[key] for key in ("both_right", "only_a", "only_b", "both_wrong")}})
        print(f"{ours:26} against {peer:18} only ours right {pair['only_a']:4d}, only theirs {pair['only_b']:4d}, exact McNemar p = {pair['mcnemar']['p_exact']:.3g}")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
