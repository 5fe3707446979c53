#!/usr/bin/env python3
"""Decoding against Pillow, and the three resize kernels against Pillow, OpenCV and LiteRT's RESIZE_BILINEAR.

Usage: images_test.py WORK_FOLDER TOOL  (tests/tools/image_pixels.cc)
Decoding, pillow and opencv: every byte. tensorflow: LiteRT computes the same formula as one sum of four products, so float32 results may
differ in the last bits and only pixels within 1e-3 of a half may round apart.
"""
import os
import shutil
import struct
import subprocess
import sys
import zlib

try:
    import cv2
    import numpy as np
    from PIL import Image
except ImportError as missing:
    print(f"skipped: {missing}; run scripts/setup --tests for the oracle packages")
    sys.exit(1 if os.environ.get("LITEQAT_REQUIRE_ORACLES") == "1" else 77)

SIZES = [(1, 1), (1, 7), (9, 1), (2, 2), (3, 5), (16, 16), (17, 31), (32, 32), (64, 48), (97, 83), (128, 128), (224, 224), (256, 341),
         (375, 500), (500, 333), (448, 448)]
TARGETS = [(1, 1), (2, 3), (8, 8), (16, 16), (28, 28), (32, 32), (96, 96), (224, 224), (256, 341), (150, 33)]


def make_image(rng, height, width, channels):
    """Noise of large differences beside smooth areas, full range."""
    noise = rng.integers(0, 256, (height, width, channels), dtype=np.uint8)
    y, x = np.mgrid[0:height, 0:width]
    smooth = ((y * 3 + x * 2)[..., None] + np.arange(channels) * 40) % 256
    mask = rng.random((height, width, 1)) < 0.5
    return np.where(mask, noise, smooth).astype(np.uint8)


def save_16_bit_png(path, array):
    """16 bits a sample, which Pillow writes for gray alone."""
    height, width, channels = array.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def expected_pixels(path):
    image = Image.open(path)
    gray = image.mode in ("1", "L", "LA", "I;16")
    return np.asarray(image.convert("L" if gray else "RGB")).reshape(image.height, image.width, 1 if gray else 3)


def write_files(folder, rng):
    """(path, expected pixels or None for Pillow's)."""
    files = []
    for index, (height, width) in enumerate([(1, 1), (7, 5), (33, 47), (64, 64), (120, 161)]):
        color, gray = make_image(rng, height, width, 3), make_image(rng, height, width, 1)[..., 0]
        alpha = np.dstack([color, gray])
        for name, image, options in [
                ("rgb.png", Image.fromarray(color), {}), ("gray.png", Image.fromarray(gray), {}),
                ("rgba.png", Image.fromarray(alpha), {}), ("la.png", Image.fromarray(np.dstack([gray, gray[::-1]])), {}),
                ("palette.png", Image.fromarray(color).quantize(200), {}), ("palette4.png", Image.fromarray(color).quantize(13), {"bits": 4}),
                ("palette_alpha.png", Image.fromarray(color).quantize(100), {"transparency": 3}),
                ("bits1.png", Image.fromarray(gray).convert("1"), {}),
                ("baseline.jpg", Image.fromarray(color), {"quality": 90, "subsampling": 0}),
                ("sub420.jpg", Image.fromarray(color), {"quality": 75, "subsampling": 2}),
                ("sub422.jpg", Image.fromarray(color), {"quality": 40, "subsampling": 1}),
                ("progressive.jpg", Image.fromarray(color), {"progressive": True}),
                ("gray.jpg", Image.fromarray(gray), {"quality": 95}),
                ("cmyk.jpg", Image.fromarray(alpha, "CMYK"), {"quality": 92})]:
            path = f"{folder}/{index}_{name}"
            image.save(path, **options)
            files.append((path, None))
        for channels in (1, 3, 4):
            deep = rng.integers(0, 65536, (height, width, channels), dtype=np.uint16)
            path = f"{folder}/{index}_deep{channels}.png"
            save_16_bit_png(path, deep)
            files.append((path, (deep[..., :3] >> 8).astype(np.uint8)))
    return files


def litert_resize(image, height, width):
    """[height, width, channels] float32 of a model of one RESIZE_BILINEAR with half-pixel centres, computed here as LiteRT's reference
    kernel states it; tests/oracle/runtime_random_test.py holds that kernel itself against LiteRT."""
    rows, columns = image.shape[:2]

    def places(size, extent):
        scale = np.float32(extent) / np.float32(size)
        scaled = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * scale - np.float32(0.5)
        low = np.maximum(np.floor(scaled), 0).astype(int)
        return scaled, low, np.minimum(np.ceil(scaled), extent - 1).astype(int)
    y, y0, y1 = places(height, rows)
    x, x0, x1 = places(width, columns)
    # In float64, from the same float32 places.
    dy = np.maximum(y.astype(float) - y0, 0)[:, None, None]
    dx = np.maximum(x.astype(float) - x0, 0)[None, :, None]
    source = image.astype(float)
    return (source[y0][:, x0] * (1 - dy) * (1 - dx) + source[y1][:, x0] * dy * (1 - dx) + source[y0][:, x1] * (1 - dy) * dx
            + source[y1][:, x1] * dy * dx)


def check_decoding(folder, tool, rng):
    files = write_files(folder, rng)
    run(folder, tool, [f"decode {path} {path}.npy" for path, _ in files])
    for path, expected in files:
        expected = expected_pixels(path) if expected is None else expected
        found = np.load(path + ".npy")
        assert found.shape == expected.shape and (found == expected).all(), \
            f"{path}: {found.shape} {expected.shape}, {(found != expected).sum() if found.shape == expected.shape else ''} bytes differ"
    print(f"decoding: {len(files)} files as Pillow decodes them")


def run(folder, tool, orders):
    with open(f"{folder}/orders.txt", "w") as file:
        file.write("\n".join(orders) + "\n")
    subprocess.run([tool, f"{folder}/orders.txt"], check=True)


def check_resizing(folder, tool, rng):
    cases = [(size, target, channels, kernel) for size in SIZES for target in TARGETS for channels in (1, 3)
             for kernel in ("pillow", "opencv", "tensorflow")]
    cases += [((2 * h, 2 * w), (h, w), c, "opencv") for h, w, c in [(5, 9, 3), (112, 112, 1), (14, 3, 3)]]
    orders = []
    for index, (size, target, channels, kernel) in enumerate(cases):
        np.save(f"{folder}/in_{index}.npy", make_image(rng, *size, channels))
        orders.append(f"fit {kernel} stretch {target[0]} {target[1]} {folder}/in_{index}.npy {folder}/out_{index}.npy")
    run(folder, tool, orders)
    halves = pixels = 0
    for index, (size, target, channels, kernel) in enumerate(cases):
        image, found = np.load(f"{folder}/in_{index}.npy"), np.load(f"{folder}/out_{index}.npy")
        height, width = target
        what = f"{kernel} {size} -> {target}, {channels} channels"
        assert found.shape == (height, width, channels), what
        if kernel == "tensorflow":
            real = litert_resize(image, height, width)
            wrong = np.abs(found - real) > 0.5 + 1e-3
            halves += int((found != np.rint(real)).sum())
            pixels += found.size
            assert not wrong.any(), f"{what}: {np.abs(found - real).max()}"
            continue
        squeezed = image[..., 0] if channels == 1 else image
        if kernel == "pillow":
            expected = np.asarray(Image.fromarray(squeezed).resize((width, height), Image.Resampling.BILINEAR))
        else:
            expected = cv2.resize(squeezed, (width, height), interpolation=cv2.INTER_LINEAR)
        wrong = expected.reshape(found.shape) != found
        assert not wrong.any(), f"{what}: {wrong.sum()} of {wrong.size} bytes differ, first at {np.argwhere(wrong)[0]}"
    assert halves < pixels * 1e-3, (halves, pixels)
    print(f"resizing: {len(cases)} cases; tensorflow: {halves} of {pixels} pixels rounded from a half the other way")


def fit_by_hand(image, size, fit, resize):
    """The conventions as their own code states them; resize(image, height, width)."""
    height, width = image.shape[:2]
    if fit == "central":  # tf.image.central_crop(image, 0.875)
        top, left = int((height - height * 0.875) / 2), int((width - width * 0.875) / 2)
        return resize(image[top:height - top, left:width - left], size, size)
    if fit == "pad":  # tf.image.resize_with_pad
        ratio = max(width / size, height / size)
        h, w = max(1, int(height / ratio)), max(1, int(width / ratio))
        out = np.zeros((size, size, image.shape[2]), np.uint8)
        top, left = int((size - height / ratio) / 2), int((size - width / ratio) / 2)
        out[top:top + h, left:left + w] = resize(image, h, w)
        return out
    short = size if fit == "crop" else round(size / 0.875)  # torchvision.transforms.Resize(short), CenterCrop(size)
    h, w = (short, int(short * width / height)) if height <= width else (int(short * height / width), short)
    top, left = int(round((h - size) / 2.0)), int(round((w - size) / 2.0))
    return resize(image, h, w)[top:top + size, left:left + size]


def check_fitting(folder, tool, rng):
    pillow = lambda image, h, w: np.asarray(Image.fromarray(image).resize((w, h), Image.Resampling.BILINEAR))
    opencv = lambda image, h, w: cv2.resize(image, (w, h), interpolation=cv2.INTER_LINEAR)
    kernels = {"pillow": pillow, "opencv": opencv}
    cases = [(shape, size, fit, kernel) for shape in [(375, 500), (500, 375), (100, 100), (333, 512), (64, 48), (31, 200), (224, 225)]
             for size in (224, 96, 33) for fit in ("crop", "imagenet", "central", "pad") for kernel in kernels]
    images = [make_image(rng, *shape, 3) for shape, _, _, _ in cases]
    orders = []
    for index, (_, size, fit, kernel) in enumerate(cases):
        np.save(f"{folder}/fit_{index}.npy", images[index])
        orders.append(f"fit {kernel} {fit} {size} {size} {folder}/fit_{index}.npy {folder}/fitted_{index}.npy")
    run(folder, tool, orders + [f"gray {folder}/fit_0.npy {folder}/gray.npy"])
    for index, (shape, size, fit, kernel) in enumerate(cases):
        expected, found = fit_by_hand(images[index], size, fit, kernels[kernel]), np.load(f"{folder}/fitted_{index}.npy")
        assert expected.shape == found.shape and (expected == found).all(), f"{kernel} {fit} {shape} -> {size}"
    assert (np.load(f"{folder}/gray.npy")[..., 0] == np.asarray(Image.fromarray(images[0]).convert("L"))).all()
    print(f"fitting: {len(cases)} cases")


def main():
    folder, tool = sys.argv[1] + "/images", sys.argv[2]
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    rng = np.random.default_rng(7)
    check_decoding(folder, tool, rng)
    check_resizing(folder, tool, rng)
    check_fitting(folder, tool, rng)
    shutil.rmtree(folder)


main()
