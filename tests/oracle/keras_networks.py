#!/usr/bin/env python3
"""MobileNetV2 as Keras saves it, .h5 and .keras, imported and run by liteqat against what Keras computes, on 1,000 images. Run by hand, for TensorFlow
is large: docs/keras_import.md has what it showed.

keras_networks.py make FOLDER               needs tensorflow-cpu 2.19, keras 3.15 and tf_keras 2.19; weights random, statistics settled
keras_networks.py compare LITEQAT FOLDER    needs numpy; exit 1 if an output leaves the bound or a prediction differs by more than it explains
"""
import pathlib
import subprocess
import sys

import numpy as np

IMAGES, BATCH = 1000, 100
UNIT = 2.0**-24


def cifar88m(keras):
    """MobileNetV2 with strides for CIFAR, 88 M multiply-accumulates."""
    layers = keras.layers

    def active(x):
        return layers.ReLU(6.0)(layers.BatchNormalization()(x))

    x = image = layers.Input((32, 32, 3))
    x, channels = active(layers.Conv2D(32, 3, padding="same", use_bias=False)(x)), 32
    for expansion, filters, repeats, first in ((1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):
        for repeat in range(repeats):
            stride, shortcut = 1 if repeat else first, x
            if expansion > 1:
                x = active(layers.Conv2D(channels * expansion, 1, use_bias=False)(x))
            x = active(layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(x))
            x = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(x))
            if stride == 1 and filters == channels:
                x = layers.Add()([shortcut, x])
            channels = filters
    x = active(layers.Conv2D(1280, 1, use_bias=False)(x))
    return keras.Model(image, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))


def networks(keras):
    mobilenet = keras.applications.MobileNetV2
    yield "keras32", lambda: mobilenet((32, 32, 3), weights=None, classes=10, classifier_activation=None)
    yield "cifar88m", lambda: cifar88m(keras)
    yield "alpha075_96", lambda: mobilenet((96, 96, 3), alpha=0.75, weights=None)


def settle(model, images):
    """Statistics near those of the activations, so that values neither fade nor grow; everything a weight could be is in use."""
    rng = np.random.default_rng(5)
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            layer.gamma.assign((0.7 + 0.6 * rng.random(layer.gamma.shape)).astype(np.float32))
            layer.beta.assign(rng.normal(0, 0.2, layer.beta.shape).astype(np.float32))
            layer.momentum = 0.5
    for _ in range(12):
        model(images, training=True)


def fan_in(model):
    """Terms of a sum, added over the layers that follow each other."""
    total = 0
    for layer in model.layers:
        kind = type(layer).__name__
        if kind in ("Conv2D", "Dense", "DepthwiseConv2D"):
            shape = layer.weights[0].shape
            total += int(np.prod(shape[:2] if kind == "DepthwiseConv2D" else shape[:-1]))
        elif kind == "GlobalAveragePooling2D":
            total += int(np.prod(layer.input.shape[1:3]))
    return total


def make(folder):
    import keras
    import tf_keras
    folder.mkdir(parents=True, exist_ok=True)
    for package, tag in ((keras, "keras3"), (tf_keras, "keras2")):
        for name, build in networks(package):
            package.backend.clear_session()
            package.utils.set_random_seed(7)
            model = build()
            images = np.random.default_rng(9).random((IMAGES, *model.input_shape[1:])).astype(np.float32)
            settle(model, images[:BATCH])
            scores = model.predict(images, batch_size=BATCH, verbose=0)
            np.save(folder / f"{name}.images.npy", images)
            np.savez(folder / f"{name}_{tag}.npz", scores=scores, terms=fan_in(model))
            for suffix in ("h5", "keras"):
                model.save(folder / f"{name}_{tag}.{suffix}")


def compare(liteqat, folder):
    wrong = 0
    for expected in sorted(folder.glob("*_keras?.npz")):
        arrays, images = np.load(expected), folder / f"{expected.stem.rsplit('_', 1)[0]}.images.npy"
        scores = arrays["scores"]
        # A float32 sum of n terms differs between two orders by at most 2 n u sum|w x| (Higham, Accuracy and Stability, 4.2), taken as of the size of
        # the largest score in each layer (batch norm holds activations at that size); the layers' errors add up.
        bound = 2 * int(arrays["terms"]) * UNIT * np.abs(scores).max()
        margins = np.sort(scores, 1)[:, -1] - np.sort(scores, 1)[:, -2]
        for suffix in ("h5", "keras"):
            model, output = expected.with_suffix("." + suffix), folder / "out.npy"
            subprocess.run([liteqat, "predict", model, images, "-o", output, "--quiet"], check=True)
            found = np.load(output)
            error = np.abs(found - scores).max()
            differing = np.flatnonzero((found.argmax(1) != scores.argmax(1)) & (margins > 2 * bound))
            bad = error > bound or differing.size > 0 or found.shape != scores.shape
            wrong += bad
            print(f"{model.name}: {len(scores)} images, scores to {np.abs(scores).max():.4g}, largest difference {error:.3g}, bound {bound:.3g}, "
                  f"{np.count_nonzero(found.argmax(1) != scores.argmax(1))} predictions differ{': WRONG' if bad else ''}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "make":
        make(pathlib.Path(sys.argv[2]))
    elif len(sys.argv) == 4 and sys.argv[1] == "compare":
        compare(sys.argv[2], pathlib.Path(sys.argv[3]))
    else:
        sys.exit(__doc__)
