#!/usr/bin/env python3
"""Reference figures of post-training quantization by TensorFlow 2.19's converter -> tests/golden/ptq/.

make_ptq_references.py SHARED_FOLDER OUT_FOLDER     (needs tensorflow 2.19 and tf_keras 2.19; two minutes)

sizes.json       bytes of every export type of MLPerf Tiny's ResNet-8 and of the founding case's network
resnet8.json     scales and zero points of the int8 ResNet-8, calibrated on the first 100 training images of CIFAR-10
operators.tflite a float32 network of every operator that is quantized
"""
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np
import tensorflow as tf
import tf_keras as keras
from tensorflow.lite.python import schema_py_generated as schema

layers = keras.layers
TYPES = ["float32", "float16", "dynamic", "int8", "int8_int8", "int8_uint8", "int8_per_tensor", "int16x8"]


def convert(model, kind, images):
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if kind.startswith("int"):
        converter.representative_dataset = lambda: ([image[None]] for image in images)
    if kind in ("int8_int8", "int8_uint8"):
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8 if kind == "int8_int8" else tf.uint8
    if kind == "int8_per_tensor":
        converter._experimental_disable_per_channel = True
    if kind == "int16x8":
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8, tf.lite.OpsSet.TFLITE_BUILTINS]
    return converter.convert()


def read_images(shared, count):
    rows = np.fromfile(f"{shared}/data/cifar-10-batches-bin/data_batch_1.bin", np.uint8, count * 3073).reshape(count, 3073)[:, 1:]
    return rows.reshape(count, 3, 32, 32).transpose(0, 2, 3, 1).astype(np.float32)


def describe(content):
    """Scales and zero points, operator by operator."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    graph = model.subgraphs[0]
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
    rows = []
    for op in graph.operators:
        code = model.operatorCodes[op.opcodeIndex]
        tensors = {"output": graph.tensors[op.outputs[0]]}
        kind = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
        if kind in ("CONV_2D", "FULLY_CONNECTED"):
            tensors["weights"] = graph.tensors[op.inputs[1]]
        rows.append({"op": kind, **{name: {"scale": [float(s) for s in t.quantization.scale],
                                           "zero_point": [int(z) for z in t.quantization.zeroPoint]}
                                    for name, t in tensors.items() if t.quantization is not None and t.quantization.scale is not None}})
    return rows


def operators_model():
    """Every operator that post-training quantization knows, and a softmax that meets a log-softmax in one CONCATENATION."""
    image = keras.Input((32, 32, 3), batch_size=1)
    a = layers.LeakyReLU(0.1)(layers.Conv2D(8, 3, strides=2, padding="same")(image))
    b = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(image)
    product, difference = layers.Multiply()([a, b]), layers.Subtract()([a, b])
    high, low = layers.Maximum()([product, difference]), layers.Minimum()([product, difference])
    swish = layers.Lambda(lambda t: t * tf.nn.relu6(t + 3.0) / 6.0)(layers.Concatenate()([a, b]))
    x = layers.Concatenate()([swish, layers.Activation("sigmoid")(high), layers.Activation("tanh")(low)])
    x = layers.PReLU(alpha_initializer=keras.initializers.RandomUniform(0.05, 0.3), shared_axes=[1, 2])(x)
    x = layers.ReLU(6.0)(layers.DepthwiseConv2D(3, strides=2, padding="same")(x))
    bilinear, nearest = layers.UpSampling2D(2, interpolation="bilinear")(x), layers.UpSampling2D(2)(x)
    wide = layers.Conv2DTranspose(8, 3, strides=2, padding="same")(x)
    cut = layers.Lambda(lambda t: t[:, 1:9, 1:9, :16])(bilinear)
    left, _ = layers.Lambda(lambda t: tf.split(t, 2, axis=3))(nearest)
    stacked = layers.Lambda(lambda t: tf.stack([t[0][:, :8, :8, :], t[1]], axis=1))([left, cut])
    stacked = layers.Reshape((16, 8, 16))(stacked)
    mean = layers.GlobalAveragePooling2D
    x = layers.Concatenate()([mean()(stacked), mean()(wide), mean()(layers.MaxPooling2D(2)(layers.AveragePooling2D(2)(wide)))])
    unit = layers.Lambda(lambda t: tf.nn.l2_normalize(t, axis=-1))(x)
    x = layers.Add()([layers.Dense(40)(unit), layers.Dense(40, activation="relu")(x)])
    logs = layers.Lambda(lambda t: tf.nn.log_softmax(t))(layers.Dense(10)(x))
    return keras.Model(image, layers.Concatenate()([logs, layers.Softmax()(layers.Dense(10)(x))]))


def main(shared, out):
    images = read_images(shared, 100)
    sizes = {}
    for name, file, scale in [("resnet8", "mlperf_tiny_resnet8_cifar10.h5", 1), ("case_study", "case_study_float.h5", 1 / 255)]:
        model = keras.models.load_model(f"{shared}/models/{file}", compile=False)
        for kind in TYPES:
            content = convert(model, kind, images * np.float32(scale))
            sizes[f"{name}.{kind}"] = len(content)
            if name == "resnet8" and kind == "int8":
                with open(f"{out}/resnet8.json", "w") as file_out:
                    json.dump(describe(content), file_out, indent=0)
    with open(f"{out}/sizes.json", "w") as file_out:
        json.dump(sizes, file_out, indent=1)
    keras.utils.set_random_seed(3)
    with open(f"{out}/operators.tflite", "wb") as file_out:
        file_out.write(convert(operators_model(), "float32", images))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
