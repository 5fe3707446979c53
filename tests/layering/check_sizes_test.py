"""check_sizes must find what it is there to find: small trees with one violation each, and functions of known length."""
import importlib.machinery, importlib.util, pathlib, subprocess, sys, tempfile

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools/check_sizes"


def run(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "src").mkdir()
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        done = subprocess.run([sys.executable, TOOL, folder], capture_output=True, text=True)
        return done.returncode, done.stdout


def function(lines, head="int f(int x)"):
    return head + " {\n" + "  x += 1;\n" * (lines - 2) + "}\n"


ALLOW = "tools/size_allowances.txt"
CASES = [  # title, files, exit code, text that must appear
    ("function at the limit", {"src/a.cc": function(60)}, 0, "1 functions, 0 allowed"),
    ("function beyond", {"src/a.cc": function(61)}, 1, "src/a.cc:f: 61 lines, the limit is 60"),
    ("member function beyond", {"src/a.h": "class A {\n public:\n" + function(70) + "};\n"}, 1, "src/a.h:f: 70 lines"),
    ("constructor with initializers", {"src/a.cc": "namespace n {\n" + function(61, "A::A(int b) : b_{b}, c_(b)") + "}\n"}, 1, "src/a.cc:A::A: 61 lines"),
    ("test beyond", {"src/a_test.cc": function(61, "TEST(Suite, name)")}, 1, "TEST(Suite, name): 61 lines"),
    ("lambda counts with its function", {"src/a.cc": "int g() {\n  auto h = [](int x) {\n" + "  x;\n" * 60 + "  };\n}\n"}, 1, "src/a.cc:g: 64 lines"),
    ("braces in text", {"src/a.cc": 'int f() {\n  return "}{{{"[0] + \'{\'; // {\n}\n' + function(61, "int g()")}, 1, "src/a.cc:g: 61 lines"),
    ("function allowed", {"src/a.cc": function(61), ALLOW: "# note\nsrc/a.cc:f | flat table\n"}, 0, "1 allowed beyond"),
    ("reason missing", {"src/a.cc": function(61), ALLOW: "src/a.cc:f |\n"}, 1, "no reason for src/a.cc:f"),
    ("allowance not needed", {"src/a.cc": function(10), ALLOW: "src/a.cc:f | flat table\n"}, 1, "remove the line"),
    ("header", {"src/a.h": "\n" * 301}, 1, "src/a.h: 301 lines, the limit is 300"),
    ("source", {"src/a.cc": "\n" * 601}, 1, "the limit is 600"),
    ("command", {"src/cli/a.cc": "\n" * 201}, 1, "the limit is 200"),
    ("test file", {"src/cli/a_test.cc": "\n" * 801}, 1, "the limit is 800"),
    ("test file within", {"src/a_test.cc": "\n" * 800}, 0, "sizes: 1 files"),
]
for title, files, expected_code, expected_text in CASES:
    code, out = run(files)
    assert code == expected_code and expected_text in out, f"{title}: exit {code}, {out}"

loader = importlib.machinery.SourceFileLoader("check_sizes", str(TOOL))
module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_sizes", loader))
loader.exec_module(module)
SOURCE = """namespace a {
constexpr int kTable[] = {1, 2};
struct S {
  std::vector<int> v = {1, 2};
  bool empty() const { return v.empty(); }
};
template <typename T>
T twice(T x = {}) {
  if (x) {
    return x;
  }
  return x + x;
}
const std::vector<int> kMore = make({1}, 2);
int last(int a, int b)
    noexcept {
  return a;
}
}
"""
found = list(module.find_functions(SOURCE))
assert found == [("empty", 5, 1), ("twice", 7, 7), ("last", 15, 4)], found
print(f"{len(CASES)} cases as expected")
