"""The installed tree: examples built against it with CMake and with pkg-config, statically and shared, their output equal to `predict`; what
the library does not link, what it shows, and its size. install_test.py WORK_FOLDER BUILD_FOLDER SHARED_LIBRARY"""
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import harness

LARGEST_BYTES = 1_500_000  # issue: "a static library and a stripped example under 1.5 MB"

work = pathlib.Path(sys.argv[1]) / "install"
build, shared = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)
prefix = work / "prefix"


def command(*arguments, **options):
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


command("cmake", "--install", build, "--prefix", prefix)
moved = work / "moved"  # nothing in it may name where it was installed
prefix.rename(moved)
package = next(moved.rglob("liteqat-config.cmake")).parent
pkg_config = {**os.environ, "PKG_CONFIG_PATH": str(next(moved.rglob("liteqat.pc")).parent)}
static = next(moved.rglob("libliteqat.a"), None)
if static is None:
    harness.skip("this build installs the shared library only")

# A model with int8 input and output and an input for it, and what `predict --raw` makes of it.
data = work / "data"
harness.run("data", "make", "--format", "mnist", "-o", data, "--train", "600", "--test", "100")
harness.run("train", "mnist_guide", "-o", work / "run", "--data", data)
model = work / "model.tflite"
harness.run("convert", work / "run/float.safetensors", "-o", model, "--type", "int8", "--io", "int8", "--calibrate", data)
pixels = (data / "t10k-images-idx3-ubyte").read_bytes()[16:16 + 784]
raw = work / "input.raw"
raw.write_bytes(bytes((p - 128) % 256 for p in pixels))
header = "{'descr': '|i1', 'fortran_order': False, 'shape': (1, 28, 28, 1), }".ljust(117) + "\n"
(work / "input.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + header.encode() + raw.read_bytes())
harness.run("predict", model, work / "input.npy", "-o", work / "output.npy", "--raw")
expected = list(struct.unpack("10b", (work / "output.npy").read_bytes()[-10:]))


def check_program(program, env=None):
    lines = command(program, model, raw, env=env).splitlines()
    assert [int(line.split()[1]) for line in lines] == expected, (program, lines, expected)
    broken = subprocess.run([program, work / "input.npy", raw], capture_output=True, text=True, env=env)
    assert broken.returncode == 3 and "input.npy" in broken.stderr, broken


command("cmake", "-G", "Ninja", "-S", harness.ROOT / "examples", "-B", work / "examples", f"-DCMAKE_PREFIX_PATH={moved}", "-DCMAKE_BUILD_TYPE=Release",
        "-DCMAKE_EXE_LINKER_FLAGS=-Wl,--gc-sections")
command("cmake", "--build", work / "examples")
for name in ("classify", "classify_c"):
    program = work / "examples" / name
    check_program(program)
    needed = re.findall(r"NEEDED.*\[(.*)\]", command("readelf", "-d", program))
    unwanted = [library for library in needed if not re.match(r"lib(stdc\+\+|m|gcc_s|c|fmt|z)\.so|ld-linux", library)]
    assert not unwanted, f"{name} needs {unwanted}"
    command("strip", program)
    size = program.stat().st_size
    assert size < LARGEST_BYTES, f"{name} stripped has {size} bytes, at most {LARGEST_BYTES} are allowed"
    print(f"{name}: {size} bytes stripped, needs {' '.join(needed)}")

code = sum(int(line.split()[3]) for line in command("size", static).splitlines()[1:])
assert code < LARGEST_BYTES, f"libliteqat.a has {code} bytes of code and data, at most {LARGEST_BYTES} are allowed"
symbols = command("nm", "-C", static)
foreign = re.findall(r" \w (?:dnnl|boost::|nlohmann::|omp_|GOMP_|toml::|CLI::).*", symbols)
assert not foreign, f"libliteqat.a refers to {foreign[:3]}"

flags = command("pkg-config", "--cflags", "--libs", "liteqat", env=pkg_config).split()
command("c++", "-std=c++20", "-O2", harness.ROOT / "examples/classify.cc", "-o", work / "pkg_classify", *flags)
command("cc", "-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", harness.ROOT / "examples/classify_c.c", "-o", work / "pkg_classify_c", *flags)
command("cc", "-std=c99", "-Wall", "-Wpedantic", "-Werror", "-fsyntax-only", "-x", "c", moved / "include/liteqat/liteqat.h")
check_program(work / "pkg_classify")
check_program(work / "pkg_classify_c")

# The shared library shows the C interface and nothing else.
defined = [line.split()[-1] for line in command("nm", "-D", "--defined-only", shared).splitlines()]
declared = re.findall(r"\b(liteqat_\w+)\(", re.sub(r"/\*.*?\*/", "", (moved / "include/liteqat/liteqat.h").read_text(), flags=re.S))
assert sorted(set(defined)) == sorted(set(declared)), (sorted(set(defined)), sorted(set(declared)))
command("cc", "-O2", harness.ROOT / "examples/classify_c.c", "-o", work / "shared_classify_c", f"-I{moved}/include", shared)
check_program(work / "shared_classify_c", env={**os.environ, "LD_LIBRARY_PATH": str(shared.parent)})
print(f"library: {code} bytes of code and data, {static.stat().st_size} bytes on disk; C and C++ examples agree with predict, static and shared")
