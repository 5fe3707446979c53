#!/usr/bin/env python3
"""Every training operator's forward value and gradients against JAX's automatic differentiation in float64.

Inputs are float32 and exact in float64, so all of a difference is rounding of ours. With u = 2^-24 and gamma_k = k u / (1 - k u), a sum of
k products of float32 numbers, in any order, with or without fused multiply-add, is within gamma_k * sum |a| |b| of the exact one (Higham,
Accuracy and Stability of Numerical Algorithms, section 3.1). The operators that are linear in each argument give both: the same JAX
function applied to absolute values is sum |a| |b|, applied to ones it is k. What else rounds is added where it is compared.

Usage: gradients_test.py WORK_FOLDER TOOL
"""
import os
import subprocess
import sys
import tempfile

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

U = 2.0**-24
SECOND_ORDER = 1.01  # the propagated errors of batch norm are first-order; their squares are far below a percent of them


def gamma(k):
    return k * U / (1 - k * U)


class Oracle:
    def __init__(self, tool, work):
        self.tool, self.work = tool, work
        self.random = np.random.default_rng(20240611)
        self.failed, self.compared, self.worst = [], 0, (0.0, "nothing")

    def normal(self, *shape, mean=0.0):
        return (self.random.standard_normal(shape) + mean).astype(np.float32)

    def run(self, name, arrays, numbers, outputs):
        """The tool's outputs by name, flat, in float64."""
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            for key, array in arrays.items():
                np.save(f"{folder}/{key}.npy", array)
            subprocess.run([self.tool, name, folder, *(f"{key}={value!r}" for key, value in numbers.items())], check=True)
            return {key: np.load(f"{folder}/{key}.npy").astype(np.float64) for key in outputs}

    def compare(self, what, ours, exact, bound):
        exact, bound = np.asarray(exact, np.float64).ravel(), np.broadcast_to(np.asarray(bound, np.float64), np.shape(exact)).ravel()
        self.compared += 1
        if ours.shape != exact.shape or not np.isfinite(ours).all():
            self.failed.append(f"{what}: {ours.shape} values, finite: {np.isfinite(ours).all()}; expected {exact.shape}")
            return
        error = np.abs(ours - exact)
        if bound.max() > 0:
            self.worst = max(self.worst, (float((error / np.maximum(bound, 1e-300)).max()), what))
        bad = np.flatnonzero(~(error <= bound))
        if bad.size:
            i = bad[0]
            self.failed.append(f"{what}: {bad.size} of {ours.size} off, element {i}: {ours[i]!r}, exact {exact[i]!r} +- {bound[i]:.3g}")

    def compare_multilinear(self, what, function, names, arrays, dy, ours, extra=0):
        """function: linear in each array; its value and gradients against ours["y"], ours["d" + name]. extra: roundings besides the sum."""
        def all_of(transform):
            y, pull = jax.vjp(function, *(transform(np.asarray(a, np.float64)) for a in arrays))
            return [np.asarray(v) for v in (y, *pull(transform(np.asarray(dy, np.float64).reshape(y.shape))))]
        exact, magnitude, terms = all_of(lambda a: a), all_of(np.abs), all_of(np.ones_like)
        for name, e, m, k in zip(["y", *("d" + name for name in names)], exact, magnitude, terms):
            self.compare(f"{what} {name}", ours[name], e, gamma(k + extra) * m)


def same_padding(size, filter_size, stride, dilation):
    """TensorFlow's: output extent, zeros before, zeros after."""
    out = -(-size // stride)
    total = max(0, (out - 1) * stride + (filter_size - 1) * dilation + 1 - size)
    return out, total // 2, total - total // 2


def window_numbers(n, h, w, c, filter_size, stride, dilation, padding):
    (fh, fw), (sh, sw), (dh, dw) = filter_size, stride, dilation
    if padding == "SAME":
        (oh, ph, bottom), (ow, pw, right) = same_padding(h, fh, sh, dh), same_padding(w, fw, sw, dw)
    else:
        oh, ow = (h - (fh - 1) * dh - 1) // sh + 1, (w - (fw - 1) * dw - 1) // sw + 1
        ph = pw = bottom = right = 0
    numbers = dict(n=n, h=h, w=w, c=c, oh=oh, ow=ow, fh=fh, fw=fw, sh=sh, sw=sw, dh=dh, dw=dw, ph=ph, pw=pw)
    return numbers, [(ph, bottom), (pw, right)]


def check_convolution(oracle, n, h, w, c, out, filter_size, stride=(1, 1), dilation=(1, 1), padding="SAME"):
    numbers, _ = window_numbers(n, h, w, c, filter_size, stride, dilation, padding)

    def function(x, weights, bias):
        return lax.conv_general_dilated(x, weights, stride, padding, rhs_dilation=dilation,
                                        dimension_numbers=("NHWC", "OHWI", "NHWC")) + bias

    arrays = [oracle.normal(n, h, w, c), oracle.normal(out, *filter_size, c), oracle.normal(out)]
    dy = oracle.normal(n, numbers["oh"], numbers["ow"], out)
    ours = oracle.run("convolution", dict(zip(("x", "w", "bias"), arrays), dy=dy), dict(numbers, out=out), ("y", "dx", "dw", "dbias"))
    what = f"convolution {h}x{w}x{c} -> {out}, filter {filter_size}, stride {stride}, dilation {dilation}, {padding}, {n} images:"
    oracle.compare_multilinear(what, function, ("x", "w", "bias"), arrays, dy, ours)


def check_dense(oracle, n, inputs, outputs):
    arrays = [oracle.normal(n, inputs), oracle.normal(outputs, inputs), oracle.normal(outputs)]
    dy = oracle.normal(n, outputs)
    ours = oracle.run("dense", dict(zip(("x", "w", "bias"), arrays), dy=dy), dict(n=n, c=inputs, out=outputs), ("y", "dx", "dw", "dbias"))
    oracle.compare_multilinear(f"dense {inputs} -> {outputs}, {n} rows:", lambda x, w, b: x @ w.T + b, ("x", "w", "bias"), arrays, dy, ours)


def check_depthwise(oracle, isas, n, h, w, c, multiplier, filter_size, stride=(1, 1), dilation=(1, 1), padding="SAME"):
    numbers, _ = window_numbers(n, h, w, c, filter_size, stride, dilation, padding)

    def function(x, weights, bias):
        # [KH, KW, C * M] with output channel c * M + m is HWIO with one input channel a group.
        kernel = weights.reshape(*filter_size, 1, c * multiplier)
        return lax.conv_general_dilated(x, kernel, stride, padding, rhs_dilation=dilation, dimension_numbers=("NHWC", "HWIO", "NHWC"),
                                        feature_group_count=c) + bias

    arrays = [oracle.normal(n, h, w, c), oracle.normal(*filter_size, c * multiplier), oracle.normal(c * multiplier)]
    dy = oracle.normal(n, numbers["oh"], numbers["ow"], c * multiplier)
    for index, isa in enumerate(isas):
        ours = oracle.run("depthwise", dict(zip(("x", "w", "bias"), arrays), dy=dy), dict(numbers, multiplier=multiplier, isa=index),
                          ("y", "dx", "dw", "dbias"))
        what = f"depthwise {isa} {h}x{w}x{c} * {multiplier}, filter {filter_size}, stride {stride}, dilation {dilation}, {padding}:"
        oracle.compare_multilinear(what, function, ("x", "w", "bias"), arrays, dy, ours)


def check_batch_norm(oracle, rows, channels, chunk, mean):
    """Sums are in double, which leaves rows * 2^-53 of the sum of magnitudes; mean and variance are rounded to float32. The errors of the
    mean (dm) and of r = 1 / sqrt(variance + epsilon) (dr) then move everything after them."""
    x, dy = oracle.normal(rows, channels, mean=mean), oracle.normal(rows, channels)
    g, beta = oracle.normal(channels), oracle.normal(channels)
    epsilon = float(np.float32(1e-3))

    def function(x, g, beta):
        m, v = jnp.mean(x, 0), jnp.var(x, 0)
        return (x - m) / jnp.sqrt(v + epsilon) * g + beta

    wide = [a.astype(np.float64) for a in (x, g, beta)]
    y, pull = jax.vjp(function, *wide)
    dx, dgamma, dbeta = (np.asarray(v) for v in pull(dy.astype(np.float64)))
    ours = oracle.run("batch_norm", dict(x=x, gamma=g, beta=beta, dy=dy),
                      dict(rows=rows, c=channels, chunk=chunk, epsilon=epsilon, frozen=0),
                      ("y", "dx", "mean_out", "variance_out", "dgamma", "dbeta"))
    x, g, beta = wide
    dy = np.abs(dy.astype(np.float64))
    m, v = x.mean(0), x.var(0)
    r = 1 / np.sqrt(v + epsilon)
    double = rows * 2.0**-53
    dm_sum = double * np.abs(x).mean(0)
    dm = dm_sum + U * np.abs(m)
    dv = double * (x * x).mean(0) + 2 * np.abs(m) * dm_sum + U * v
    dr = r**3 / 2 * dv + 2.0**-50 * r
    centred, s = np.abs(x - m), np.abs(g) * r
    what = f"batch norm {rows}x{channels}, mean {mean}, chunks of {chunk}:"
    oracle.compare(f"{what} mean", ours["mean_out"], m, SECOND_ORDER * dm)
    oracle.compare(f"{what} variance", ours["variance_out"], v, SECOND_ORDER * dv)
    # y = x * scale + shift, shift = beta - mean * scale: scale, shift, the product and the sum round.
    ey = np.abs(g) * (centred * dr + r * dm) + 3 * U * (np.abs(x) * s + np.abs(m) * s + np.abs(beta))
    oracle.compare(f"{what} y", ours["y"], y, SECOND_ORDER * ey)
    edbeta = double * dy.sum(0)
    edgamma = (dy * (centred * dr + r * dm)).sum(0) + (U + double) * r * (dy * centred).sum(0)  # x - mean is rounded
    oracle.compare(f"{what} dbeta", ours["dbeta"], dbeta, SECOND_ORDER * edbeta)
    oracle.compare(f"{what} dgamma", ours["dgamma"], dgamma, SECOND_ORDER * edgamma)
    # dx = g r (dy - dbeta / rows - (x - m) r dgamma / rows): three float32 coefficients, x - mean, products and two sums round.
    linear, through = dy + np.abs(dbeta) / rows, centred * r * np.abs(dgamma) / rows
    edx = np.abs(g) * dr * (linear + 2 * through) + s * (edbeta / rows + centred * r * edgamma / rows + r * dm * np.abs(dgamma) / rows)
    oracle.compare(f"{what} dx", ours["dx"], dx, SECOND_ORDER * (edx + 5 * U * s * (linear + through)))


def check_frozen_batch_norm(oracle, rows, channels):
    x, g, beta, dy = oracle.normal(rows, channels), oracle.normal(channels), oracle.normal(channels), oracle.normal(rows, channels)
    m, v = oracle.normal(channels), np.abs(oracle.normal(channels))
    epsilon = float(np.float32(1e-3))

    def function(x, g, beta):
        return (x - m.astype(np.float64)) / jnp.sqrt(v.astype(np.float64) + epsilon) * g + beta

    wide = [a.astype(np.float64) for a in (x, g, beta)]
    y, pull = jax.vjp(function, *wide)
    dx, dgamma, dbeta = pull(dy.astype(np.float64))
    ours = oracle.run("batch_norm", dict(x=x, gamma=g, beta=beta, dy=dy, mean=m, variance=v),
                      dict(rows=rows, c=channels, chunk=rows, epsilon=epsilon, frozen=1), ("y", "dx", "dgamma", "dbeta"))
    r = 1 / np.sqrt(v.astype(np.float64) + epsilon)
    s, dy = np.abs(g) * r, np.abs(dy.astype(np.float64))
    what = f"frozen batch norm {rows}x{channels}:"
    oracle.compare(f"{what} y", ours["y"], y, gamma(3) * (np.abs(x) * s + np.abs(m) * s + np.abs(beta)))
    oracle.compare(f"{what} dx", ours["dx"], dx, gamma(2) * dy * s)
    oracle.compare(f"{what} dbeta", ours["dbeta"], dbeta, rows * 2.0**-53 * dy.sum(0))
    oracle.compare(f"{what} dgamma", ours["dgamma"], dgamma, gamma(1.001) * r * (dy * np.abs(x.astype(np.float64) - m)).sum(0))


def check_relu(oracle, six):
    x = np.concatenate([4 * oracle.normal(997), np.float32([0.0, -0.0, 6.0, np.nextafter(np.float32(6), np.float32(0)), 1e-45, -1e-45])])
    dy = oracle.normal(x.size)
    top = 6.0 if six else np.inf

    def function(x):  # TensorFlow's sides: no gradient at the kinks themselves
        return jnp.where((x > 0) & (x < top), x, jnp.where(x > 0, top, 0.0))

    y, pull = jax.vjp(function, x.astype(np.float64))
    ours = oracle.run("relu", dict(x=x, dy=dy), dict(six=int(six)), ("y", "dx"))
    oracle.compare(f"relu{6 if six else ''} y", ours["y"], y, 0.0)
    oracle.compare(f"relu{6 if six else ''} dx", ours["dx"], pull(dy.astype(np.float64))[0], 0.0)


def check_add(oracle):
    a, b, dy = oracle.normal(501), oracle.normal(501), oracle.normal(501)
    for uses in (1, 2, 3):
        def function(a, b):
            return sum([a + b] + [a] * (uses - 1))
        _, pull = jax.vjp(function, a.astype(np.float64), b.astype(np.float64))
        ours = oracle.run("add", dict(a=a, b=b, dy=dy), dict(uses=uses), ("y", "da"))
        da = np.asarray(pull(dy.astype(np.float64))[0])
        oracle.compare("add y", ours["y"], a + b, 0.0)  # one correctly rounded operation, as NumPy's
        oracle.compare(f"add da, {uses} uses", ours["da"], da, gamma(uses - 1) * np.abs(da))


def check_cross_entropy(oracle, rows, classes, smoothing, spread):
    logits = spread * oracle.normal(rows, classes)
    labels = oracle.random.integers(0, classes, rows).astype(np.int32)
    smoothing, scale = float(np.float32(smoothing)), float(np.float32(1 / rows))

    def losses(x):
        target = (1 - smoothing) * jax.nn.one_hot(labels, classes, dtype=x.dtype) + smoothing / classes
        return -jnp.sum(target * jax.nn.log_softmax(x), -1)

    x = logits.astype(np.float64)
    loss, pull = jax.vjp(losses, x)
    gradient = np.asarray(pull(np.full(rows, scale))[0])
    ours = oracle.run("cross_entropy", dict(logits=logits, labels=labels),
                      dict(rows=rows, classes=classes, smoothing=smoothing, scale=scale), ("loss", "dlogits", "probabilities"))
    what = f"cross-entropy of {classes} classes, smoothing {smoothing:.2g}, logits of {spread}:"
    # Loss and gradient are computed in double here and there: a few 2^-53 of the largest term, and one rounding of the gradient to float32.
    double = (2 * classes + 16) * 2.0**-53 * (np.abs(x).max() + np.log(classes) + 1)
    oracle.compare(f"{what} loss", ours["loss"], loss, double)
    oracle.compare(f"{what} dlogits", ours["dlogits"], gradient, U * np.abs(gradient) + double * scale + 2.0**-149)
    # float32 softmax: the difference to the maximum d rounds (u |d| in the exponent), the exponential (2 u, twice glibc's bound), the sum
    # of all classes and the quotient. Below 2^-126 results lose bits: 2^-149 each.
    p = np.asarray(jax.nn.softmax(x))
    d = x.max(-1, keepdims=True) - x
    relative = U * (d + d.max(-1, keepdims=True) + classes + 6)
    oracle.compare(f"{what} softmax", ours["probabilities"], p, SECOND_ORDER * p * relative + 2.0**-148)


def check_pool(oracle, kind, n, h, w, c, filter_size, stride, padding):
    numbers, pads = window_numbers(n, h, w, c, filter_size, stride, (1, 1), padding)
    x, dy = oracle.normal(n, h, w, c), oracle.normal(n, numbers["oh"], numbers["ow"], c)
    if kind == "max_pool":
        x = np.round(2 * x) / 2  # many equal values: the first maximum takes the gradient
    shape, strides, pads = (1, *filter_size, 1), (1, *stride, 1), [(0, 0), *pads, (0, 0)]
    ours = oracle.run(kind, dict(x=x, dy=dy), numbers, ("y", "dx"))
    what = f"{kind} {h}x{w}x{c}, filter {filter_size}, stride {stride}, {padding}:"
    if kind == "average_pool":
        def average(x):
            total = lax.reduce_window(x, 0.0, lax.add, shape, strides, pads)
            return total / lax.reduce_window(jnp.ones_like(x), 0.0, lax.add, shape, strides, pads)
        taps = filter_size[0] * filter_size[1]  # at most so many summands; 1 / count and the product round too
        y, pull = jax.vjp(average, x.astype(np.float64))
        oracle.compare(f"{what} y", ours["y"], y, gamma(taps + 2) * np.asarray(average(np.abs(x.astype(np.float64)))))
        dx, magnitude = (np.asarray(pull(v)[0]) for v in (dy.astype(np.float64), np.abs(dy.astype(np.float64))))
        oracle.compare(f"{what} dx", ours["dx"], dx, gamma(taps + 2) * magnitude)
        return

    def largest(x):
        """The first maximum in row order, by comparing taps one after another."""
        padded = jnp.pad(x, pads, constant_values=-jnp.inf)
        best = None
        for ky in range(filter_size[0]):
            for kx in range(filter_size[1]):
                rows = slice(ky, ky + (numbers["oh"] - 1) * stride[0] + 1, stride[0])
                columns = slice(kx, kx + (numbers["ow"] - 1) * stride[1] + 1, stride[1])
                tap = padded[:, rows, columns, :]
                best = tap if best is None else jnp.where(tap > best, tap, best)
        return best

    y, pull = jax.vjp(largest, x.astype(np.float64))
    assert np.array_equal(y, lax.reduce_window(x.astype(np.float64), -np.inf, lax.max, shape, strides, pads))
    oracle.compare(f"{what} y", ours["y"], y, 0.0)
    dx, magnitude = (np.asarray(pull(v)[0]) for v in (dy.astype(np.float64), np.abs(dy.astype(np.float64))))
    oracle.compare(f"{what} dx", ours["dx"], dx, gamma(filter_size[0] * filter_size[1]) * magnitude)


def check_mean(oracle, n, positions, c):
    x, dy = oracle.normal(n, positions, c), oracle.normal(n, c)
    ours = oracle.run("mean", dict(x=x, dy=dy), dict(n=n, positions=positions, c=c), ("y", "dx"))
    what = f"mean {n}x{positions}x{c}:"
    y, pull = jax.vjp(lambda x: jnp.mean(x, 1), x.astype(np.float64))
    # Besides the sum, 1 / positions and the product round.
    oracle.compare(f"{what} y", ours["y"], y, gamma(positions + 2) * np.abs(x.astype(np.float64)).mean(1))
    dx = np.asarray(pull(dy.astype(np.float64))[0])
    oracle.compare(f"{what} dx", ours["dx"], dx, gamma(2) * np.abs(dx))


def check_pad(oracle, n, h, w, c, top, bottom, left, right):
    x, dy = oracle.normal(n, h, w, c), oracle.normal(n, h + top + bottom, w + left + right, c)
    ours = oracle.run("pad", dict(x=x, dy=dy), dict(n=n, h=h, w=w, c=c, top=top, bottom=bottom, left=left, right=right), ("y", "dx"))
    y, pull = jax.vjp(lambda x: jnp.pad(x, [(0, 0), (top, bottom), (left, right), (0, 0)]), x.astype(np.float64))
    oracle.compare(f"pad {top} {bottom} {left} {right} y", ours["y"], y, 0.0)
    oracle.compare(f"pad {top} {bottom} {left} {right} dx", ours["dx"], pull(dy.astype(np.float64))[0], 0.0)


def check_hard_swish(oracle):
    """x + 3 or 2 x + 3, a product and a quotient round inside of (-3, 3); outside x + 3 is cut off, x * 6 and x * 6 / 6 round."""
    edges = np.float32([-3, 3, np.nextafter(np.float32(-3), np.float32(0)), np.nextafter(np.float32(3), np.float32(0)), 0.0, -1.5, 1e30, -1e30])
    x = np.concatenate([4 * oracle.normal(997), edges])
    dy = oracle.normal(x.size)

    def function(x):  # no gradient at -3, all of it at 3
        return jnp.where(x <= -3, 0.0, jnp.where(x >= 3, x, x * (x + 3) / 6))

    y, pull = jax.vjp(function, x.astype(np.float64))
    ours = oracle.run("activation", dict(x=x, dy=dy), dict(sigmoid=0), ("y", "dx"))
    oracle.compare("hard swish y", ours["y"], y, gamma(3) * np.abs(y))
    dx = np.asarray(pull(dy.astype(np.float64))[0])
    oracle.compare("hard swish dx", ours["dx"], dx, gamma(3) * np.abs(dx))


def check_sigmoid(oracle):
    """With e = exp(-|x|) within 2 u (twice glibc's bound), 1 + e and the quotient: y is within 6 u, and 1 - y within 6 u y + u (1 - y). Where
    e is below 2^-126 it loses bits, 2^-149 each."""
    x = np.concatenate([4 * oracle.normal(997), np.float32([0, -0.0, 88, -88, 104, -104, 1e30, -1e30])])
    dy = oracle.normal(x.size)
    y, pull = jax.vjp(jax.nn.sigmoid, x.astype(np.float64))
    ours = oracle.run("activation", dict(x=x, dy=dy), dict(sigmoid=1), ("y", "dx"))
    y, dx = np.asarray(y), np.asarray(pull(dy.astype(np.float64))[0])
    oracle.compare("sigmoid y", ours["y"], y, gamma(6) * y + 2.0**-148)
    rest = np.asarray(jax.nn.sigmoid(-x.astype(np.float64)))
    bound = SECOND_ORDER * np.abs(dy) * y * (6 * U * y + (6 + 1 + 2) * U * rest) + 2.0**-147
    oracle.compare("sigmoid dx", ours["dx"], dx, bound)


def check_multiply(oracle, n, product, a_extents, b_extents):
    (h, w, c), (ah, aw, ac), (bh, bw, bc) = product, a_extents, b_extents
    arrays = [oracle.normal(n, *a_extents), oracle.normal(n, *b_extents)]
    dy = oracle.normal(n, h, w, c)
    numbers = dict(n=n, h=h, w=w, c=c, ah=ah, aw=aw, ac=ac, bh=bh, bw=bw, bc=bc)
    ours = oracle.run("multiply", dict(a=arrays[0], b=arrays[1], dy=dy), numbers, ("y", "da", "db"))
    oracle.compare_multilinear(f"multiply {a_extents} and {b_extents}, {n} images:", jnp.multiply, ("a", "b"), arrays, dy, ours)


def check_concatenate(oracle, shape_a, shape_b, axis):
    a, b = oracle.normal(*shape_a), oracle.normal(*shape_b)
    y, pull = jax.vjp(lambda a, b: jnp.concatenate([a, b], axis), a.astype(np.float64), b.astype(np.float64))
    dy = oracle.normal(*y.shape)
    numbers = dict(rows=int(np.prod(shape_a[:axis])), ap=int(np.prod(shape_a[axis:])), bp=int(np.prod(shape_b[axis:])))
    ours = oracle.run("concatenate", dict(a=a, b=b, dy=dy), numbers, ("y", "da", "db"))
    da, db = pull(dy.astype(np.float64))
    for name, exact in (("y", y), ("da", da), ("db", db)):
        oracle.compare(f"concatenate {shape_a} and {shape_b} along {axis} {name}", ours[name], exact, 0.0)


def dropped(key, first, count, rate):
    """The documented mask (kernels/train/joins.h) with unbounded integers."""
    full = (1 << 64) - 1
    mask = []
    for element in range(first, first + count):
        z = (key + (element // 2 + 1) * 0x9e3779b97f4a7c15) & full
        z = ((z ^ (z >> 30)) * 0xbf58476d1ce4e5b9) & full
        z = ((z ^ (z >> 27)) * 0x94d049bb133111eb) & full
        z ^= z >> 31
        half = z >> 32 if element % 2 else z & 0xffffffff
        mask.append(half < int(np.float64(np.float32(rate)) * 2**32))
    return np.array(mask)


def check_dropout(oracle, rate, first, count):
    """1 / (1 - rate) and the product round; what is kept has mean 1 - rate: five standard deviations of a count of independent draws."""
    key = 0x0123456789abcdef
    x, dy = oracle.normal(count), oracle.normal(count)
    ours = oracle.run("dropout", dict(x=x, dy=dy), dict(high=key >> 32, low=key & 0xffffffff, rate=rate, first=first), ("y", "dx"))
    keep = ~dropped(key, first, count, rate)
    factor = keep / (1 - np.float64(np.float32(rate)))
    y, pull = jax.vjp(lambda x: x * factor, x.astype(np.float64))
    oracle.compare(f"dropout {rate} y", ours["y"], y, gamma(2) * np.abs(y))
    dx = np.asarray(pull(dy.astype(np.float64))[0])
    oracle.compare(f"dropout {rate} dx", ours["dx"], dx, gamma(2) * np.abs(dx))
    oracle.compare(f"dropout {rate} kept", np.array([keep.mean()]), [1 - rate], 5 * np.sqrt(rate * (1 - rate) / count) + U)


def check_step_gradient(oracle, low, high):
    """Esser et al. 2020, equation 3, in float64 from our own rounded values, whose difference to x rounds once; the sum is in double."""
    x, dy = oracle.normal(5003), oracle.normal(5003)
    scale = float(np.float32((np.float32(high) - np.float32(low)) / np.float32(255)))
    ours = oracle.run("fake_quant", dict(x=x, dy=dy), dict(min=low, max=high), ("y", "dstep"))
    zero = round(-low / scale)
    bottom, top = -zero * scale, (255 - zero) * scale
    wide, wide_dy = x.astype(np.float64), dy.astype(np.float64)
    v = wide / scale
    codes = np.round(ours["y"] / scale)
    terms = wide_dy * np.where(v <= -zero, -zero, np.where(v >= 255 - zero, 255 - zero, codes - v))
    # The rounded value is codes * scale rounded to float32: u of it, as y - x rounds; an element within u of an end may count as cut off or
    # not, which the random x do not have here.
    assert (np.abs(wide - bottom) > 1e-6).all() and (np.abs(wide - top) > 1e-6).all()
    assert (ours["y"] == bottom).sum() + (ours["y"].max() == ours["y"]).sum() > 10, "nothing is cut off"
    bound = (np.abs(wide_dy) * (3 * U * np.abs(codes) + U)).sum() + 2.0**-52 * x.size * np.abs(terms).sum() + U * np.abs(terms).sum()
    oracle.compare(f"step gradient in [{low}, {high}]", ours["dstep"], [terms.sum()], bound)


def check_gates(oracle):
    check_hard_swish(oracle)
    check_sigmoid(oracle)
    check_multiply(oracle, 2, (4, 5, 7), (4, 5, 7), (4, 5, 7))
    check_multiply(oracle, 3, (5, 4, 17), (5, 4, 17), (1, 1, 17))  # squeeze-and-excite
    check_multiply(oracle, 2, (3, 6, 5), (1, 1, 5), (3, 6, 5))
    check_multiply(oracle, 2, (3, 4, 6), (3, 4, 6), (3, 4, 1))
    check_multiply(oracle, 2, (3, 4, 6), (3, 1, 6), (1, 4, 1))  # both stretched
    check_multiply(oracle, 4, (1, 1, 9), (1, 1, 9), (1, 1, 1))
    check_concatenate(oracle, (2, 3, 4, 5), (2, 3, 4, 2), 3)
    check_concatenate(oracle, (2, 3, 4, 5), (2, 1, 4, 5), 1)
    check_concatenate(oracle, (3, 7), (3, 1), 1)
    for rate in (0.0, 0.1, 0.5, 0.9):
        check_dropout(oracle, rate, 0, 4096)
    check_dropout(oracle, 0.3, 1001, 333)  # begins with the upper half of a pair
    check_step_gradient(oracle, -1.0, 1.5)
    check_step_gradient(oracle, 0.0, 1.0)
    check_step_gradient(oracle, -0.3, 0.1)


def check_convolutions(oracle):
    check_convolution(oracle, 2, 7, 9, 3, 8, (3, 3))
    check_convolution(oracle, 3, 6, 5, 16, 33, (1, 1))
    check_convolution(oracle, 1, 8, 8, 17, 32, (1, 1), stride=(2, 2))
    check_convolution(oracle, 2, 8, 11, 3, 16, (3, 3), stride=(2, 2))  # SAME: one zero before or none
    check_convolution(oracle, 2, 9, 8, 5, 7, (5, 2), stride=(3, 1))
    check_convolution(oracle, 2, 9, 10, 4, 6, (3, 3), dilation=(2, 3))
    check_convolution(oracle, 2, 12, 11, 8, 16, (3, 3), dilation=(2, 2), padding="VALID")
    check_convolution(oracle, 4, 28, 28, 1, 12, (3, 3), padding="VALID")
    for rows, inputs, outputs in ((5, 17, 10), (1, 1, 1), (32, 131, 33)):
        check_dense(oracle, rows, inputs, outputs)


def check_depthwises(oracle, isas):
    for channels, multiplier in ((1, 1), (3, 2), (16, 1), (33, 1), (5, 3)):
        check_depthwise(oracle, isas, 2, 7, 8, channels, multiplier, (3, 3))
        check_depthwise(oracle, isas, 2, 8, 7, channels, multiplier, (3, 3), stride=(2, 2))
    check_depthwise(oracle, isas, 1, 10, 9, 17, 1, (3, 5), stride=(1, 3), padding="VALID")
    check_depthwise(oracle, isas, 1, 9, 10, 8, 1, (3, 3), dilation=(2, 3))


def check_others(oracle):
    for rows, channels, chunk in ((2, 3, 1), (40, 1, 40), (200, 33, 64), (77, 300, 30)):
        for mean in (0.0, 3.0, 1000.0):
            check_batch_norm(oracle, rows, channels, chunk, mean)
    check_frozen_batch_norm(oracle, 70, 19)
    check_relu(oracle, six=False)
    check_relu(oracle, six=True)
    check_add(oracle)
    for rows, classes in ((5, 10), (3, 2), (2, 1001)):
        for smoothing, spread in ((0.0, 1), (0.1, 1), (0.1, 30)):
            check_cross_entropy(oracle, rows, classes, smoothing, spread)
    for kind in ("max_pool", "average_pool"):
        check_pool(oracle, kind, 2, 8, 6, 3, (2, 2), (2, 2), "VALID")
        check_pool(oracle, kind, 2, 7, 7, 5, (2, 2), (2, 2), "SAME")  # the last window is partial
        check_pool(oracle, kind, 2, 5, 9, 17, (3, 3), (1, 1), "SAME")  # partial on all sides, overlapping
        check_pool(oracle, kind, 1, 9, 8, 4, (3, 2), (2, 1), "VALID")
    check_mean(oracle, 3, 49, 10)
    check_mean(oracle, 1, 1, 7)
    check_pad(oracle, 2, 5, 6, 3, 1, 2, 0, 3)
    check_pad(oracle, 1, 4, 4, 1, 0, 1, 0, 1)


def main():
    work, tool = sys.argv[1:3]
    os.makedirs(work, exist_ok=True)
    oracle = Oracle(tool, work)
    isas = subprocess.run([tool, "isas", work], check=True, capture_output=True, text=True).stdout.split()
    check_convolutions(oracle)
    check_depthwises(oracle, isas)
    check_others(oracle)
    check_gates(oracle)
    print(f"{oracle.compared} arrays compared, depthwise on {', '.join(isas)}; closest to its bound: {oracle.worst[1]} "
          f"({oracle.worst[0]:.2f} of it)")
    for line in oracle.failed:
        print(line)
    return 1 if oracle.failed else 0


if __name__ == "__main__":
    sys.exit(main())
