"""Dumps what TensorFlow Model Optimization trained and what TensorFlow's converter made of it: the oracle of converter parity.

dump_keras_qat.py mobilenet OUT [--alpha A] [--seed N] [--randomize]
    keras.applications' MobileNetV2 on 32x32 inputs (10 classes, logits), quantize_model, one Adam step on random data.
    --randomize: batch-norm variables and activation ranges drawn at random before the step, negative gammas included;
    two nearly dead channels after it.
dump_keras_qat.py residual OUT [--seed N] [--randomize]
    The same with a small network of what MobileNetV2 lacks: fused ReLU, bias before batch norm, ReLU after Add, average pooling, softmax.
dump_keras_qat.py guide OUT --from DIR
    DIR is what the peer script keras_mnist_guide.py wrote (ranges.npz, qat_int8.tflite).

Writes OUT/qat_int8.tflite, OUT/variables.safetensors (every variable of the quantization-aware model under its own name, float32, and of
each batch norm "<layer>/multiplier", gamma * rsqrt(variance + epsilon) as this machine's TensorFlow computes it) and
OUT/converted.safetensors: of operator NNN of the .tflite, RESHAPE and shape arithmetic left out, "NNN.KIND/" and then weights, weights.scale,
bias, bias.scale, scale, zero_point (of the output).
Needs tensorflow 2.19, tf_keras 2.19 and tensorflow_model_optimization."""
import argparse
import json
import os
import struct

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
import numpy as np
import tensorflow as tf

SAFETENSORS_NAMES = {"float32": "F32", "int32": "I32", "int8": "I8"}
SHAPE_OPERATORS = {"SHAPE", "STRIDED_SLICE", "PACK", "RESHAPE"}


def write_safetensors(path, arrays):
    header, offset = {}, 0
    for name in sorted(arrays):
        array = arrays[name]
        header[name] = {"dtype": SAFETENSORS_NAMES[array.dtype.name], "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(arrays):
            f.write(arrays[name].tobytes())


def read_converted(blob):
    interpreter = tf.lite.Interpreter(model_content=blob, experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    interpreter.allocate_tensors()
    tensors = {t["index"]: t["quantization_parameters"] for t in interpreter.get_tensor_details()}
    operators = [o for o in interpreter._get_ops_details() if o["op_name"] not in SHAPE_OPERATORS]
    arrays = {}
    for index, operator in enumerate(operators):
        key = f"{index:03d}.{operator['op_name']}/"
        if operator["op_name"] in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            for name, tensor in zip(("weights", "bias"), operator["inputs"][1:]):
                arrays[key + name] = interpreter.get_tensor(tensor)
                arrays[key + name + ".scale"] = tensors[tensor]["scales"]
        output = tensors[operator["outputs"][0]]
        arrays[key + "scale"] = output["scales"]
        arrays[key + "zero_point"] = output["zero_points"].astype(np.int32)
    return arrays


def dump_guide(arguments):
    source = getattr(arguments, "from")
    loaded = np.load(os.path.join(source, "ranges.npz"))
    with open(os.path.join(source, "qat_int8.tflite"), "rb") as f:
        return {name.replace("|", "/"): loaded[name].astype(np.float32) for name in loaded.files}, f.read()


def randomize(model, rng):
    """Batch norm away from its initial state and every activation range its own, so that no two scales agree by chance."""
    for variable in model.variables:
        name, shape = variable.name, variable.shape
        if "/gamma" in name:
            variable.assign(rng.uniform(0.3, 2.0, shape) * rng.choice([-1, 1], shape, p=[0.2, 0.8]))
        elif "/beta" in name or "moving_mean" in name:
            variable.assign(rng.normal(0, 0.5, shape))
        elif "moving_variance" in name:
            variable.assign(10.0 ** rng.uniform(-4, 1, shape))
        elif shape.rank == 0 and name.endswith("_min:0") and "kernel" not in name:
            variable.assign(-rng.uniform(0, 4))
        elif shape.rank == 0 and name.endswith("_max:0") and "kernel" not in name:
            variable.assign(rng.uniform(1, 8))


def kill_channels(model):
    """Two nearly dead channels whose biases exceed the int32 grid."""
    for variable in model.variables:
        if variable.name in ("bn_Conv1/gamma:0", "block_1_depthwise_BN/gamma:0"):
            variable.assign(tf.tensor_scatter_nd_update(variable, [[0]], [1e-9]))
        elif variable.name in ("bn_Conv1/beta:0", "block_1_depthwise_BN/beta:0"):
            variable.assign(tf.tensor_scatter_nd_update(variable, [[0]], [1.0]))


def make_residual(keras):
    layers = keras.layers
    x = layers.Input((8, 8, 3))
    first = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    second = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same", bias_initializer="random_normal")(first))
    y = layers.Activation("relu")(layers.Add()([first, second]))
    y = layers.Flatten()(layers.AveragePooling2D(4)(y))
    return keras.Model(x, layers.Dense(5, activation="softmax")(y))


def make_mobilenet(keras, alpha):
    return keras.applications.MobileNetV2(input_shape=(32, 32, 3), alpha=alpha, weights=None, classes=10, classifier_activation=None)


def dump_network(arguments):
    import tensorflow_model_optimization as tfmot
    import tf_keras as keras

    keras.utils.set_random_seed(arguments.seed)
    rng = np.random.default_rng(arguments.seed)
    model = make_residual(keras) if arguments.what == "residual" else make_mobilenet(keras, arguments.alpha)
    images, classes = (32, *model.input_shape[1:]), model.output_shape[1]
    model = tfmot.quantization.keras.quantize_model(model)
    if arguments.randomize:
        randomize(model, rng)
    model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=arguments.what != "residual"))
    model.fit(rng.random(images, np.float32), rng.integers(0, classes, 32), batch_size=32, epochs=1, verbose=0)
    if arguments.randomize:
        kill_channels(model)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    blob = converter.convert()
    arrays = {variable.name: variable.numpy().astype(np.float32) for variable in model.variables}
    for name in [name for name in arrays if name.endswith("/moving_variance:0")]:
        layer = name.rsplit("/", 1)[0]
        arrays[layer + "/multiplier"] = (arrays[layer + "/gamma:0"] * tf.math.rsqrt(arrays[name] + np.float32(1e-3))).numpy()
    return arrays, blob


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["mobilenet", "residual", "guide"])
    parser.add_argument("out")
    parser.add_argument("--from")
    parser.add_argument("--alpha", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--randomize", action="store_true")
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)
    arrays, blob = dump_guide(arguments) if arguments.what == "guide" else dump_network(arguments)
    arrays = {name: array for name, array in arrays.items() if "optimizer_step" not in name}
    write_safetensors(os.path.join(arguments.out, "variables.safetensors"), arrays)
    write_safetensors(os.path.join(arguments.out, "converted.safetensors"), read_converted(blob))
    with open(os.path.join(arguments.out, "qat_int8.tflite"), "wb") as f:
        f.write(blob)
    print(f"{len(arrays)} variables, {sum(a.size for a in arrays.values())} values")


main()
