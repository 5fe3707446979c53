#!/usr/bin/env python3
"""Our files opened by the tools they are meant for: NumPy, LiteRT, zipfile, and a safetensors and a TFRecord parser written here.

Usage: formats_test.py WORK_FOLDER TOOL  (tests/tools/formats_files.cc writes the files)
"""
import glob
import hashlib
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import zipfile

try:
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
except ImportError as missing:
    print(f"skipped: {missing}; run scripts/setup --tests for the oracle packages")
    sys.exit(1 if os.environ.get("LITEQAT_REQUIRE_ORACLES") == "1" else 77)


def check_npy(folder):
    paths = glob.glob(f"{folder}/array_*.npy")
    assert len(paths) == 12 * 9, len(paths)
    for path in paths:
        ours = open(path, "rb").read()
        array = np.load(io.BytesIO(ours), allow_pickle=False)
        expected = (np.arange(array.nbytes) * 7 + 1).astype(np.uint8).tobytes()
        assert array.tobytes() == expected, path
        theirs = io.BytesIO()
        np.lib.format.write_array(theirs, array, version=(1, 0), allow_pickle=False)
        assert theirs.getvalue() == ours, f"{path}: not what numpy.save writes\n{theirs.getvalue()[:200]}\n{ours[:200]}"


def check_safetensors(folder):
    raw = open(f"{folder}/checkpoint.safetensors", "rb").read()
    (length,) = struct.unpack("<Q", raw[:8])
    assert length % 8 == 0
    header = json.loads(raw[8:8 + length])
    data = raw[8 + length:]
    metadata = header.pop("__metadata__")
    assert metadata["note"] == 'two\nlines "quoted" ä' and metadata["format"] == "pt"
    assert metadata["sha256"] == hashlib.sha256(data).hexdigest()
    types = {"F32": "<f4", "F16": "<f2", "I8": "i1", "I64": "<i8"}
    arrays, covered = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        assert begin == covered
        covered = end
        arrays[name] = np.frombuffer(data[begin:end], types[entry["dtype"]]).reshape(entry["shape"])
    assert covered == len(data)
    assert {k: v.shape for k, v in arrays.items()} == {"a": (5,), "conv/kernel": (2, 3), "none": (0, 4), "scalar": ()}
    assert arrays["a"].tobytes() == bytes([1, 8, 15, 22, 29])


def softmax_scores(path, resolver, image, batch):
    model = Interpreter(model_path=path, num_threads=1, experimental_op_resolver_type=resolver)
    if batch > 1:
        model.resize_tensor_input(model.get_input_details()[0]["index"], (batch, *image.shape[1:]))
    model.allocate_tensors()
    model.set_tensor(model.get_input_details()[0]["index"], np.repeat(image, batch, 0))
    model.invoke()
    return model.get_tensor(model.get_output_details()[0]["index"])


def check_litert(folder):
    image = np.random.default_rng(1).uniform(-6, 6, (1, 9, 7, 3)).astype(np.float32)
    scores = {}
    for name in ("float32", "int8"):
        path = f"{folder}/{name}.tflite"
        for resolver in (OpResolverType.BUILTIN_REF, OpResolverType.AUTO):
            for batch in (1, 4):
                result = softmax_scores(path, resolver, image, batch)
                assert result.shape == (batch, 5)
                assert (result == result[0]).all(), f"{name}: the images of a resized batch differ"
                assert abs(result[0].sum() - 1) < 5 / 256 + 1e-6, result  # int8 scores are multiples of 1/256, each rounded
                scores[name, resolver, batch] = result[0]
    # The int8 file is the float one's network. Its last sums are rounded to steps of 0.3 from addends in steps of 0.2 and 0.22, whose
    # inputs are off by about as much again: logits within 0.4. The slope of a softmax is at most 1/4.
    for (name, *rest), values in scores.items():
        difference = np.abs(values - scores["float32", *rest]).max()
        assert difference < 0.1, (name, rest, difference)
        assert np.ptp(values) > 0.5, values

    model = Interpreter(model_path=f"{folder}/int8.tflite")
    signature = model.get_signature_list()
    assert signature == {"serving_default": {"inputs": ["image"], "outputs": ["scores_real"]}}, signature
    run = model.get_signature_runner("serving_default")
    assert run(image=image)["scores_real"].shape == (1, 5)
    details = {d["name"]: d for d in model.get_tensor_details()}
    assert list(details["image"]["shape_signature"]) == [-1, 9, 7, 3]
    weights = details["conv_w"]["quantization_parameters"]
    assert np.allclose(weights["scales"], (1 + np.arange(4) / 8) / 127) and weights["quantized_dimension"] == 0
    assert details["depthwise_w"]["quantization_parameters"]["quantized_dimension"] == 3


def check_half_weights(folder):
    model = Interpreter(model_path=f"{folder}/float16.tflite", experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    model.allocate_tensors()
    model.set_tensor(model.get_input_details()[0]["index"], np.array([[1, 2, 4]], np.float32))
    model.invoke()
    weights = np.array([[1, -2, 0.5], [0, 65504, 2.0**-24]], np.float64)
    expected = weights @ [1, 2, 4]  # exact in float32: few bits, no rounding
    found = model.get_tensor(model.get_output_details()[0]["index"])[0]
    assert (found == expected.astype(np.float32)).all(), (found, expected)


def check_labels(folder):
    path = f"{folder}/int8.tflite"
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["labels.txt"]
        assert archive.read("labels.txt") == b"a\nb c\nd\n\ne\n"
        flatbuffer_bytes = archive.infolist()[0].header_offset
    copy = f"{folder}/copy.tflite"
    open(copy, "wb").write(open(path, "rb").read()[:flatbuffer_bytes])
    with zipfile.ZipFile(copy, "a") as archive:
        archive.writestr(zipfile.ZipInfo("labels.txt"), b"a\nb c\nd\n\ne\n")
    assert open(copy, "rb").read() == open(path, "rb").read(), "the archive is not what zipfile appends"


def check_events(folder):
    (path,) = glob.glob(f"{folder}/events.out.tfevents.*")
    raw, at, values = open(path, "rb").read(), 0, []
    while at < len(raw):
        (length,) = struct.unpack_from("<Q", raw, at)
        payload = raw[at + 12:at + 12 + length]
        if b"loss" in payload:
            assert payload[0] == 0x09 and payload[-9:-4] == b"loss\x15"
            values.append((struct.unpack_from("<d", payload, 1)[0], struct.unpack("<f", payload[-4:])[0]))
        at += 16 + length
    assert at == len(raw)
    assert values == [(1700000000.5 + s, float(np.float32(1 / (1 + s)))) for s in range(3)], values
    try:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    except ImportError:
        return
    events = EventAccumulator(folder)
    events.Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [(1000 * s, v) for s, (_, v) in enumerate(values)]


def main():
    work, tool = sys.argv[1:3]
    folder = os.path.join(work, "formats")
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([tool, folder], check=True)
    for check in (check_npy, check_safetensors, check_litert, check_half_weights, check_labels, check_events):
        check(folder)
        print(f"{check.__name__}: fine")


if __name__ == "__main__":
    main()
