"""check_symbols must find what it is there to find: compiles small sources with one violation each.

check_symbols_test.py COMPILER"""
import pathlib, subprocess, sys, tempfile

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools/check_symbols"
SOURCE = "src/kernels/dot/x86_avx2.cc"
OBJECT = f"CMakeFiles/isa_kernels_dot_x86_avx2.dir/{SOURCE}.o"
CLEAN = "namespace p::avx2 { static int own(int x) { return x * x; } int dot(int x) { return own(x); } }\n"


def run(source, compile_it=True):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in (SOURCE, OBJECT):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / SOURCE).write_text(source)
        if compile_it:
            subprocess.run([sys.argv[1], "-std=c++20", "-O1", "-fPIC", "-fno-inline", "-c", root / SOURCE, "-o", root / OBJECT], check=True)
        done = subprocess.run([sys.executable, TOOL, folder, folder], capture_output=True, text=True)
        return done.returncode, done.stdout


CASES = [
    ("clean", CLEAN, 0, "1 instruction-set objects, no violation"),
    ("memory functions", CLEAN + "#include <cstring>\nnamespace p::avx2 { void copy(char* a, const char* b, long n) { memcpy(a, b, n); memmove(a + 1, b, n); memset(a, 1, n); } }\n",
     0, "no violation"),
    ("inline function", CLEAN + "inline int shared(int x) { return x; }\nnamespace p::avx2 { int g(int x) { return shared(x); } }\n", 1, "weak symbol shared(int)"),
    ("template instance", CLEAN + "template <int n> int times(int x) { return n * x; }\nnamespace p::avx2 { int g(int x) { return times<3>(x); } }\n",
     1, "weak symbol int times<3>(int)"),
    ("foreign call", CLEAN + "namespace q { int other(int); }\nnamespace p::avx2 { int g(int x) { return q::other(x) + 1; } }\n", 1, "calls q::other(int)"),
    ("allocation", CLEAN + "namespace p::avx2 { int* g() { return new int[100]; } }\n", 1, "calls operator new[]"),
    ("suffix", CLEAN + "namespace p { int dot_avx2(int x) { return x; } }\n", 0, "no violation"),
    ("name without the set", CLEAN + "namespace p { int loose(int x) { return x; } }\n", 1, "exports p::loose(int), named neither"),
    ("name of another set", CLEAN + "namespace p { int dot_avx2x(int x) { return x; } }\n", 1, "exports p::dot_avx2x(int), named neither"),
]
for title, source, expected_code, expected_text in CASES:
    code, out = run(source)
    assert code == expected_code and expected_text in out, f"{title}: exit {code}, {out}"
code, out = run(CLEAN, compile_it=False)
assert code == 1 and "build first" in out, out
print(f"{len(CASES) + 1} cases as expected")
