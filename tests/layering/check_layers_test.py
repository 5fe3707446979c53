"""check_layers must find what it is there to find: builds small trees with one violation each and expects exit 1 and its name."""
import pathlib, subprocess, sys, tempfile

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools/check_layers"
TABLE = "0 | base | | fmt\n1 | graph | base | \n2 | runtime | base graph |\n"
CLEAN = {"base/a.h": "#include <vector>\n", "graph/g.h": '#include "base/a.h"\n', "runtime/r.cc": '#include "graph/g.h"\n#include "runtime/own.h"\n', "runtime/own.h": ""}


def run(files, table=TABLE):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "cmake").mkdir()
        (root / "cmake/modules.txt").write_text(table)
        for name, text in files.items():
            path = root / "src" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run([sys.executable, TOOL, folder], capture_output=True, text=True)
        return done.returncode, done.stdout


CASES = [
    ("upward include", {"graph/bad.cc": '#include "runtime/own.h"\n'}, TABLE, "graph may not include runtime"),
    ("outside library", {"graph/bad.cc": "#include <fmt/format.h>\n"}, TABLE, "graph may not use fmt"),
    ("unknown header", {"graph/bad.cc": '#include "nowhere/x.h"\n'}, TABLE, "unknown header"),
    ("intrinsics", {"graph/bad.cc": "#include <immintrin.h>\n"}, TABLE, "intrinsics belong"),
    ("folder without module", {"stray/s.cc": "\n"}, TABLE, "belongs to no module"),
    ("test header in source", {"graph/bad.cc": "#include <gtest/gtest.h>\n"}, TABLE, "belongs in tests"),
    ("table pointing up", {}, TABLE.replace("0 | base | |", "0 | base | graph |"), "ranks never point up"),
]

code, out = run(CLEAN)
assert code == 0, out
for title, extra, table, expected in CASES:
    code, out = run({**CLEAN, **extra}, table)
    assert code == 1 and expected in out, f"{title}: exit {code}, {out!r}"
print(f"{len(CASES)} violations found as expected")
