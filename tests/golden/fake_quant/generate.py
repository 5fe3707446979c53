"""Writes fake_quant.txt: what TensorFlow's fake-quantization operators return, as float32 bit patterns. See README.md.

generate.py OUT   needs tensorflow (2.19 was used)."""
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
import numpy as np
import tensorflow as tf

RNG = np.random.default_rng(20240607)


def ranges():
    fixed = [(0, 0), (-6, 6), (0, 1), (0, 6), (-1, 1), (-0.5, 0.25), (-1, 254), (0, 255), (-127, 127), (-128, 127),
             (1, 3), (0.5, 6), (-3, -1), (-6, -0.25), (-1e-3, 1e-3), (-1e-6, 2e-6), (-0.4, 1e4), (-1e4, 0.4), (0, 1e-7),
             (-5.988006, 5.9925046), (-127.5, 127.5), (-0.1, 0.1), (-0.7, 1.3), (-1e-30, 1e30)]
    drawn = [(-abs(a), abs(b)) for a, b in RNG.normal(0, 1, (12, 2)) * 10.0 ** RNG.integers(-3, 4, (12, 1))]
    symmetric = [(-abs(a), abs(a)) for a in RNG.normal(0, 1, 6)]
    return [(np.float32(a), np.float32(b)) for a, b in fixed + drawn + symmetric]


def inputs(low, high, narrow):
    """Ends and beyond, zero, code points, exact half steps and their neighbours, random values."""
    span = np.float32(max(high - low, 1e-3))
    values = [0.0, -0.0, low, high, 2 * low - 1, 2 * high + 1, np.nextafter(low, np.float32(0)), np.nextafter(high, np.float32(0))]
    scale = np.float32((high - low) / np.float32(254 if narrow else 255))
    for k in (-127, -77, -1, 0, 1, 5, 63, 126, 254):
        for half in (0.0, 0.5):
            v = np.float32(np.float32(k + half) * scale)
            values += [v, np.nextafter(v, np.float32(np.inf)), np.nextafter(v, np.float32(-np.inf))]
    values += list(RNG.uniform(low - 0.1 * span, high + 0.1 * span, 12))
    values = np.array(values, np.float32)
    return values[(values == 0) | (np.abs(values) > 1e-36)]  # TensorFlow flushes subnormals; we never meet them


def bits(values):
    return " ".join("%08x" % v for v in np.asarray(values, np.float32).view(np.uint32))


def main(out):
    with open(out, "w") as f:
        f.write(f"# TensorFlow {tf.__version__}: narrow min max; inputs; outputs per tensor; outputs per channel; gradients of both (0 or 1)\n")
        for low, high in ranges():
            for narrow in (False, True):
                x = tf.constant(inputs(low, high, narrow))
                with tf.GradientTape(persistent=True) as tape:
                    tape.watch(x)
                    per_tensor = tf.quantization.fake_quant_with_min_max_vars(x, low, high, 8, narrow)
                    per_channel = tf.quantization.fake_quant_with_min_max_vars_per_channel(x[:, None], [low], [high], 8, narrow)[:, 0]
                f.write(f"{int(narrow)} {bits([low])} {bits([high])}\n{bits(x)}\n{bits(per_tensor)}\n{bits(per_channel)}\n")
                for y in (per_tensor, per_channel):
                    f.write(" ".join(str(int(g)) for g in tape.gradient(y, x).numpy()) + "\n")


main(sys.argv[1])
