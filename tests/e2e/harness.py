"""What the end-to-end tests share: running the binary, skipping honestly, reading MNIST without liteqat's own reader.

Environment: LITEQAT_BINARY (set by CTest), LITEQAT_SHARED (folder with the CIFAR-10 data and models, default ../shared beside the checkout),
LITEQAT_REQUIRE_ORACLES=1 turns a skip into a failure."""
import gzip
import os
import pathlib
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("LITEQAT_BINARY", str(ROOT / "build/release/liteqat"))
SHARED = pathlib.Path(os.environ.get("LITEQAT_SHARED", str(ROOT.parent / "shared")))
MNIST = ROOT / "data/mnist"
CIFAR10 = SHARED / "data/cifar-10-batches-bin"
SKIP = 77


def skip(reason):
    if os.environ.get("LITEQAT_REQUIRE_ORACLES") == "1":
        sys.exit(f"FAILED: would have been skipped, but LITEQAT_REQUIRE_ORACLES=1: {reason}")
    print(f"SKIPPED: {reason}")
    sys.exit(SKIP)


def run(*arguments, expect=0, env=None, cwd=None):
    """Runs the binary; fails the test unless the exit code is as expected. Returns (stdout, stderr)."""
    command = [BINARY, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(env or {})}, cwd=cwd)
    assert done.returncode == expect, f"{' '.join(command)}: exit {done.returncode}, expected {expect}\n{done.stdout}\n{done.stderr}"
    return done.stdout, done.stderr


def read_idx(name):
    import numpy as np
    raw = gzip.open(MNIST / name).read()
    rank = raw[3]
    shape = struct.unpack(">" + "I" * rank, raw[4:4 + 4 * rank])
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape)


def read_cifar10_test():
    """(images NHWC uint8, labels) of the test split."""
    import numpy as np
    records = np.frombuffer((CIFAR10 / "test_batch.bin").read_bytes(), np.uint8).reshape(-1, 3073)
    return records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).copy(), records[:, 0].astype(np.int64)


def stable(record):
    """run.json without what may differ between two runs of the same recipe."""
    if isinstance(record, dict):
        return {k: stable(v) for k, v in record.items() if k not in ("environment", "seconds", "images_per_second")}
    if isinstance(record, list):
        return [stable(v) for v in record]
    return record
