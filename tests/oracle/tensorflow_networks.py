#!/usr/bin/env python3
"""keras.applications' networks as TensorFlow's converter writes them, in every type, against LiteRT's reference kernels: what every operator
gives and whole runs, integers byte for byte. Run by hand, for TensorFlow is large: docs/tflite_subset.md has what it showed.

tensorflow_networks.py make FOLDER [NETWORK]...      needs tensorflow-cpu 2.19; writes NETWORK_TYPE.tflite, weights random, statistics settled
tensorflow_networks.py compare TOOL FILE.tflite...   needs ai-edge-litert; TOOL: build/release/tests/liteqat_run_tflite; exit 1 if any differs
"""
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

SIDE = 96
TYPES = ("float32", "float16", "dynamic", "int8", "uint8", "int16x8")
WHOLE_RUNS = (("--isa", "avx512vnni", "--batch", "2"), ("--isa", "avx2"), ("--isa", "avx512vnni", "--threads", "2"))


def networks(keras):
    layers, made = keras.layers, keras.applications
    common = {"weights": None, "input_shape": (SIDE, SIDE, 3), "classes": 10}

    def efficientnet_lite():
        def block(x, filters, size, stride, depthwise=False, active=True):
            layer = layers.DepthwiseConv2D(size, stride, "same", use_bias=False) if depthwise else layers.Conv2D(filters, size, stride, "same", use_bias=False)
            x = layers.BatchNormalization()(layer(x))
            return layers.ReLU(6.0)(x) if active else x

        image = keras.Input((SIDE, SIDE, 3))
        x, width = block(image, 32, 3, 2), 32
        for filters, repeats, size, stride, expansion in ((16, 1, 3, 1, 1), (24, 2, 3, 2, 6), (40, 2, 5, 2, 6), (80, 3, 3, 2, 6), (112, 3, 5, 1, 6), (192, 2, 5, 2, 6), (320, 1, 3, 1, 6)):
            for repeat in range(repeats):
                y = block(x, width * expansion, 1, 1) if expansion > 1 else x
                y = block(block(y, 0, size, 1 if repeat else stride, depthwise=True), filters, 1, 1, active=False)
                x, width = layers.Add()([x, y]) if repeat else y, filters
        x = layers.GlobalAveragePooling2D()(block(x, 1280, 1, 1))
        return keras.Model(image, layers.Dense(10, activation="softmax")(x))

    def squeeze_excite():
        image = keras.Input((SIDE, SIDE, 3))
        x = layers.Conv2D(32, 3, 2, "same")(image)
        for filters in (32, 64, 128):
            y = layers.BatchNormalization()(layers.Conv2D(filters, 3, 2, "same", use_bias=False)(x))
            y = layers.Conv2D(filters, 3, 1, "same")(layers.Activation("swish")(y))
            gate = layers.Dense(filters // 4, activation="relu")(layers.GlobalAveragePooling2D()(y))
            y = layers.Multiply()([y, layers.Reshape((1, 1, filters))(layers.Dense(filters, activation="sigmoid")(gate))])
            x = layers.LeakyReLU(0.1)(layers.Add()([layers.Conv2D(filters, 1, 2)(x), y]))
        x = layers.GlobalMaxPooling2D()(layers.SeparableConv2D(96, 3, padding="same", activation="relu")(x))
        return keras.Model(image, layers.Dense(10, activation="softmax")(x))

    named = {"mobilenet_v1": "MobileNet", "mobilenet_v3_small": "MobileNetV3Small", "mobilenet_v3_large": "MobileNetV3Large", "efficientnet_b0": "EfficientNetB0",
             "efficientnet_v2_b0": "EfficientNetV2B0", "resnet50": "ResNet50", "resnet50_v2": "ResNet50V2", "densenet121": "DenseNet121", "xception": "Xception",
             "inception_v3": "InceptionV3", "nasnet_mobile": "NASNetMobile"}
    nets = {name: lambda function=function: getattr(made, function)(**common) for name, function in named.items()}
    for name in ("mobilenet_v3_small", "mobilenet_v3_large"):
        nets[f"{name}_minimalistic"] = lambda function=named[name]: getattr(made, function)(minimalistic=True, **common)
    return nets | {"efficientnet_lite": efficientnet_lite, "squeeze_excite": squeeze_excite}


def convert(tf, model, kind, images):
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    ops = tf.lite.OpsSet
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if kind in ("int8", "uint8", "int16x8"):
        converter.representative_dataset = lambda: ([image] for image in images)
        converter.target_spec.supported_ops = [ops.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8 if kind == "int16x8" else ops.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = {"int8": tf.int8, "uint8": tf.uint8, "int16x8": tf.int16}[kind]
    return converter.convert()


def make(folder, names):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    keras, rng = tf.keras, np.random.default_rng(0)
    images = [(rng.random((1, SIDE, SIDE, 3), np.float32) * 2 - 1) * np.float32(rng.uniform(0.2, 1)) for _ in range(2)]
    nets = networks(keras)
    for name in names or nets:
        keras.utils.set_random_seed(1)
        model = nets[name]()
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = 0.0
        model(np.concatenate(images), training=True)  # statistics that fit the random weights keep activations alive
        for kind in TYPES:
            try:
                content = convert(tf, model, kind, images)
            except RuntimeError as refusal:
                print(f"{name} {kind}: TensorFlow does not convert it: {str(refusal).splitlines()[0]}", flush=True)
                continue
            (pathlib.Path(folder) / f"{name}_{kind}.tflite").write_bytes(content)
            print(f"{name} {kind}", flush=True)


def differing(tool, work, path):
    """What differs between our runtime and LiteRT's reference kernels, as sentences."""
    import litert
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(path, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1, experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    source, rng = interpreter.get_input_details()[0], np.random.default_rng(5)
    shape, integers = (2, *source["shape"][1:]), source["dtype"] is not np.float32
    images = rng.integers(np.iinfo(source["dtype"]).min, np.iinfo(source["dtype"]).max + 1, shape).astype(source["dtype"]) if integers else (rng.random(shape) * 2 - 1).astype(np.float32)

    def ours(inputs, *options):
        np.save(work / "in.npy", inputs)
        subprocess.run([tool, path, work / "in.npy", work / "out.npy", *options], check=True, capture_output=True, text=True)
        return np.load(work / "out.npy")

    ours(images[:1], "--layers", str(work / "layer_"))
    interpreter.set_tensor(source["index"], images[:1].reshape(source["shape"]))
    interpreter.invoke()
    found = []
    operators = interpreter._get_ops_details()
    for index, op in enumerate(operators):
        expected, layer = interpreter.get_tensor(op["outputs"][0]), np.load(work / f"layer_{index}.npy")
        if layer.shape != expected.shape or layer.tobytes() != expected.tobytes():
            found.append(f"operator {index} {op['op_name']}")
    expected = litert.run(path, images)
    found += [f"a run with {' '.join(options)}" for options in WHOLE_RUNS if ours(images, *options).tobytes() != expected.tobytes()]
    return len(operators), found


def compare(tool, paths):
    different = 0
    for path in paths:
        with tempfile.TemporaryDirectory() as work:
            try:
                operators, found = differing(tool, pathlib.Path(work), path)
            except subprocess.CalledProcessError as refusal:
                operators, found = 0, [refusal.stderr.strip()]
        different += bool(found)
        print(f"{pathlib.Path(path).stem}: {operators} operators, {'equal' if not found else 'different: ' + ', '.join(found)}", flush=True)
    return 1 if different else 0


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == "make":
        make(sys.argv[2], sys.argv[3:])
    elif len(sys.argv) > 3 and sys.argv[1] == "compare":
        sys.exit(compare(sys.argv[2], sys.argv[3:]))
    else:
        sys.exit(__doc__)
