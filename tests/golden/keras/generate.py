#!/usr/bin/env python3
"""Makes the Keras files of this folder and what Keras itself computes for them.

generate.py OUT [ONLY...]   needs tensorflow-cpu 2.19.1, keras 3.15.1 and tf_keras 2.19.0 from PyPI; see README.md.
NAME.npz holds its inputs "x" (or "x0", "x1") and Keras' outputs "y"."""
import os, pathlib, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np, keras, tf_keras

SEED = 20


def randomize(model, rng):
    """Weights and statistics that no layer can pass through unnoticed; deviations stay well above 0."""
    for weight in model.weights:
        name = weight.path if hasattr(weight, "path") else weight.name
        values = rng.normal(0, 0.5, weight.shape)
        if "variance" in name or "gamma" in name:
            values = 0.5 + rng.random(weight.shape)
        if "count" in name or "seed" in name:
            continue
        weight.assign(values.astype(np.float32))
    for layer in model.layers:
        if hasattr(layer, "finalize_state"):  # Normalization computes with copies of its weights
            layer.finalize_state()


def convolutions(k):
    L = k.layers
    x = i = L.Input((7, 6, 3))
    x = L.Conv2D(4, 3, padding="same", activation="relu", name="first")(x)
    x = L.Conv2D(6, (3, 2), strides=2, padding="valid", use_bias=False)(x)
    x = L.Conv2D(4, 1, groups=2, activation="relu6")(x)
    x = L.DepthwiseConv2D(2, depth_multiplier=2, padding="same", activation="tanh")(x)
    x = L.SeparableConv2D(5, 2, depth_multiplier=2, padding="same", activation="sigmoid")(x)
    x = L.Conv2D(2, 2, dilation_rate=2, padding="same")(x)
    return k.Model(i, x, name="convolutions")


def normalizations(k):
    L = k.layers
    x = i = L.Input((5, 4, 3))
    x = L.Rescaling(1 / 127.5, offset=-1.0)(x)
    x = L.Normalization(axis=-1, mean=[0.1, 0.2, 0.3], variance=[0.5, 1.0, 2.0])(x)
    x = L.Normalization(axis=-1, name="adapted")(x)
    x = L.Conv2D(4, 1)(x)
    x = L.BatchNormalization(epsilon=0.01, name="whole")(x)
    x = L.ReLU()(x)
    x = L.BatchNormalization(scale=False, name="no_gamma")(x)
    x = L.BatchNormalization(center=False, name="no_beta")(x)
    x = L.Flatten()(x)
    x = L.BatchNormalization(name="flat")(x)
    return k.Model(i, L.Dense(3)(x), name="normalizations")


def activations(k):
    L = k.layers
    i = L.Input((4, 4, 2))
    slope = {"negative_slope": 0.1}
    parts = [L.ReLU(max_value=6.0)(i), L.ReLU(max_value=1.5)(i), L.ReLU(**slope)(i), L.ReLU(max_value=2.0, **slope)(i), L.LeakyReLU()(i)]
    parts += [L.Activation(a)(i) for a in ("relu", "sigmoid", "tanh", "elu", "swish", "linear", "softmax", "leaky_relu", "relu6")]
    parts.append(L.Softmax()(i))
    return k.Model(i, L.Concatenate()(parts), name="activations")


def merges(k):
    L = k.layers
    a, b = L.Input((4, 3, 2), name="a"), L.Input((4, 3, 2), name="b")
    x = L.Add()([a, b, a])
    y = L.Multiply()([x, L.GlobalAveragePooling2D(keepdims=True)(b)])
    z = L.Subtract()([y, a])
    z = L.Maximum()([z, L.Minimum()([a, b])])
    return k.Model([a, b], L.Concatenate(axis=1)([z, x]), name="merges")


def shapes(k):
    L = k.layers
    x = i = L.Input((6, 8, 3))
    x = L.ZeroPadding2D(((1, 2), (0, 3)))(x)
    x = L.MaxPooling2D((3, 2), strides=(2, 1))(x)
    x = L.ZeroPadding2D(1)(x)
    x = L.AveragePooling2D(3, strides=2, padding="same")(x)
    x = L.Dropout(0.5)(x)
    x = L.UpSampling2D((2, 3))(x)
    x = L.UpSampling2D(2, interpolation="bilinear")(x)
    maximum = L.GlobalMaxPooling2D()(x)
    x = L.Reshape((-1, 6))(x)
    x = L.Dense(4, activation="relu")(x)
    x = L.Flatten()(x)
    x = L.Concatenate()([x, maximum])
    return k.Model(i, L.Dense(5, activation="softmax")(x), name="shapes")


def sequential(k):
    L = k.layers
    return k.Sequential([L.Input((8, 8, 1)), L.Conv2D(3, 3), L.BatchNormalization(), L.Activation("relu"), L.MaxPooling2D(),
                         L.Conv2D(3, 3, use_bias=False), L.BatchNormalization(), L.ReLU(6.0), L.GlobalAveragePooling2D(),
                         L.Dense(4, activation="softmax")], name="sequential")


def nested(k):
    """Models in models, a layer and a model that are called twice."""
    L = k.layers
    i = L.Input((6, 6, 4))
    inner = k.Sequential([L.Input((6, 6, 4)), L.Conv2D(4, 3, padding="same", name="inner_conv"), L.BatchNormalization(name="inner_bn")], name="inner")
    j = L.Input((6, 6, 4))
    block = k.Model(j, L.ReLU(6.0, name="relu")(L.BatchNormalization(name="bn")(inner(L.SeparableConv2D(4, 3, padding="same", name="conv")(j)))),
                    name="block")
    shared = L.Conv2D(4, 1, name="shared")
    x = block(shared(i))
    x = L.Add()([x, shared(x)])
    x = L.Add()([block(x), x])
    return k.Model(i, L.Dense(2)(L.GlobalAveragePooling2D()(x)), name="nested")


def constants(k):
    """Rescaling by arrays, which Keras 3 wraps in a class name, and Normalization along other axes than the last, given and stored."""
    L = k.layers
    x = i = L.Input((4, 4, 4))
    x = L.Rescaling(np.array([0.5, 1.0, 2.0, 4.0], np.float32), offset=np.array([-1.0, 0.5, 2.0, 0.0]))(x)
    x = L.Rescaling(np.arange(1.0, 5.0).reshape(4, 1, 1), offset=[[[1.0]], [[2.0]], [[3.0]], [[4.0]]])(x)
    x = L.Normalization(axis=1, mean=[1.0, 2.0, 3.0, 4.0], variance=[4.0, 3.0, 2.0, 1.0])(x)
    x = L.Normalization(axis=None, mean=0.5, variance=2.0)(x)
    x = L.Normalization(axis=(1, 3), mean=np.arange(16.0).reshape(4, 4) / 4, variance=np.arange(1.0, 17.0).reshape(4, 4), invert=True)(x)
    x = L.Normalization(axis=(2, -1), name="adapted")(x)
    return k.Model(i, L.Conv2D(3, 2)(x), name="constants")


def frozen(k):
    """Transfer learning: a model inside, most of it frozen, in which two layers of two models have the same names. Its legacy file is in order
    of what can be trained; tf_keras cannot write that one."""
    L = k.layers

    def block(name):
        return k.Sequential([L.Input((6, 6, 4)), L.Conv2D(4, 3, padding="same", use_bias=False, name="conv"), L.BatchNormalization(name="bn")], name=name)

    j = L.Input((6, 6, 4))
    base = k.Model(j, block("c")(L.ReLU()(block("b")(block("a")(j)))), name="base")
    for layer in base.layers[:3]:
        layer.trainable = False
    i = L.Input((6, 6, 4))
    return k.Model(i, L.Dense(2)(L.GlobalAveragePooling2D()(base(i))), name="frozen")


INACTIVE = {  # layers that give back their input at inference; those that one of the two packages lacks are left out for it
    "ActivityRegularization": dict(l1=0.1), "AlphaDropout": dict(rate=0.5), "AugMix": {}, "CutMix": {}, "Dropout": dict(rate=0.5),
    "GaussianDropout": dict(rate=0.5), "GaussianNoise": dict(stddev=0.5), "Identity": {}, "MixUp": {}, "RandAugment": {},
    "RandomBrightness": dict(factor=0.5), "RandomColorDegeneration": dict(factor=0.5), "RandomColorJitter": dict(brightness_factor=0.5),
    "RandomContrast": dict(factor=0.5), "RandomElasticTransform": dict(factor=0.5), "RandomErasing": dict(factor=0.5), "RandomFlip": {},
    "RandomGaussianBlur": dict(factor=0.5), "RandomGrayscale": dict(factor=0.5), "RandomHeight": dict(factor=0.5),
    "RandomHue": dict(factor=0.5), "RandomInvert": dict(factor=0.5), "RandomPerspective": dict(factor=0.5),
    "RandomPosterization": dict(factor=8), "RandomRotation": dict(factor=0.5), "RandomSaturation": dict(factor=0.5),
    "RandomSharpness": dict(factor=0.5), "RandomShear": dict(x_factor=0.5), "RandomTranslation": dict(height_factor=0.3, width_factor=0.3),
    "RandomWidth": dict(factor=0.5), "RandomZoom": dict(height_factor=0.3), "Solarization": {}, "SpatialDropout2D": dict(rate=0.5)}


# Keras 3.15.1 writes them to .keras only (its model.save to .h5 ends in "cannot pickle 'module' object").
ARCHIVE_ONLY = ("RandomBrightness", "RandomColorDegeneration", "RandomPosterization", "RandomSaturation", "RandomSharpness", "Solarization")


def inactive(k):
    """Each of them, checked alone; then a model with those that any file takes, but for RandomHeight and RandomWidth, which leave the size
    open."""
    L = k.layers
    known = {name: options for name, options in INACTIVE.items() if hasattr(L, name)}
    images = ((np.random.default_rng(SEED).random((3, 8, 6, 3)) - 0.5) * 2000).astype(np.float32)
    for name, options in known.items():
        i = L.Input((8, 6, 3))
        assert np.array_equal(k.Model(i, getattr(L, name)(**options)(i)).predict(images, verbose=0), images), name
    left_out = ("RandomHeight", "RandomWidth") + (ARCHIVE_ONLY if k is keras else ())
    layers = [getattr(L, name)(**options) for name, options in known.items() if name not in left_out]
    i = L.Input((8, 6, 3))
    x = k.Sequential([L.Input((8, 6, 3))] + layers[0::3], name="augment")(i)
    x = L.Resizing(7, 9)(x)
    x = L.Conv2D(3, 3, strides=2)(x)
    for layer in layers[1::3]:
        x = layer(x)
    x = L.Resizing(5, 3, interpolation="nearest")(x)
    x = L.BatchNormalization()(x)
    for layer in layers[2::3]:
        x = layer(x)
    return k.Model(i, L.Dense(3)(L.SpatialDropout1D(0.5)(L.Reshape((15, 3))(x))), name="inactive")


def archived(k):
    L = k.layers
    layers = [getattr(L, name)(**INACTIVE[name]) for name in ARCHIVE_ONLY if hasattr(L, name)]
    return k.Sequential([L.Input((4, 4, 3)), *layers, L.Conv2D(2, 3), L.Flatten(), L.Dense(2)], name="archived")


MODELS = [convolutions, normalizations, constants, activations, merges, shapes, sequential, nested, frozen, inactive, archived]


def train_briefly(k, model, rng):
    """An optimizer's state in the file."""
    model.compile("adam", "mse")
    inputs = rng.random((4, *model.input_shape[1:])).astype(np.float32)
    model.fit(inputs, rng.random((4, *model.output_shape[1:])).astype(np.float32), verbose=0)


def guide(k, *before):
    """The network of recipe mnist_guide for images of 8x8 and 4 classes, behind other layers."""
    L = k.layers
    return k.Sequential([L.Input((8, 8, 1)), *before, L.Conv2D(12, 3, activation="relu", name="conv2d"), L.MaxPooling2D(), L.Flatten(),
                         L.Dense(4, name="dense")])


def save_guide(out):
    """Its weights alone, in the legacy form; and the same weights in a whole model that begins with augmentation."""
    rng = np.random.default_rng(SEED)
    model = guide(tf_keras)
    randomize(model, rng)
    out.mkdir(exist_ok=True)
    x = rng.random((3, 8, 8, 1)).astype(np.float32)
    model.save_weights(out / "mnist_guide.h5")
    np.savez_compressed(out / "mnist_guide.npz", x=x, y=model.predict(x, verbose=0))
    augmented = guide(keras, keras.layers.RandomFlip(name="flip"), keras.layers.GaussianNoise(0.1, name="noise"))
    augmented.set_weights(model.get_weights())
    augmented.save(out / "augmented_guide.keras")
    augmented.save_weights(out / "augmented_guide.weights.h5")


def main():
    out = pathlib.Path(sys.argv[1])
    save_guide(out / "weights_only")
    for make in MODELS:
        if sys.argv[2:] and make.__name__ not in sys.argv[2:]:
            continue
        for k, tag in ((keras, "keras3"), (tf_keras, "keras2")):
            rng = np.random.default_rng(SEED)
            k.utils.set_random_seed(SEED)
            k.backend.clear_session()
            model = make(k)
            if make is sequential:
                train_briefly(k, model, rng)
            randomize(model, rng)
            scale = 255 if make is normalizations else 4
            x = [((rng.random((3, *i.shape[1:])) - (0 if scale == 255 else 0.5)) * scale).astype(np.float32) for i in model.inputs]
            y = model.predict(x if len(x) > 1 else x[0], verbose=0)
            name = f"{make.__name__}_{tag}"
            if make is not archived and (tag == "keras3" or make is not frozen):
                model.save(out / f"{name}.h5")
            if tag == "keras3" or make in (sequential, nested, frozen, inactive, archived):
                model.save(out / f"{name}.keras")
            if tag == "keras3" and make in (convolutions, normalizations, nested):
                model.save_weights(out / "weights_only" / f"{name}.weights.h5")
            arrays = {"x": x[0]} if len(x) == 1 else {f"x{n}": v for n, v in enumerate(x)}
            np.savez_compressed(out / f"{name}.npz", y=y, **arrays)


if __name__ == "__main__":
    main()
