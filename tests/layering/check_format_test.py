"""check_format finds a badly formatted file, mends it with --fix, and then is content."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools/check_format"


def run(*arguments):
    done = subprocess.run([sys.executable, TOOL, *arguments], capture_output=True, text=True)
    if done.returncode == 77:
        print(done.stdout)
        sys.exit(77)
    return done.returncode, done.stdout


with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    shutil.copy(TOOL.parent.parent / ".clang-format", root)
    (root / "src/base").mkdir(parents=True)
    (root / "src/base/good.cc").write_text("int one() {\n  return 1;\n}\n")
    assert run(root)[0] == 0
    bad = root / "src/base/bad.h"
    bad.write_text("int   two( ) { return  2 ;}\n")
    code, text = run(root)
    assert code == 1 and text.startswith("src/base/bad.h: not formatted"), text
    assert run("--fix", root)[0] == 0 and bad.read_text() == "int two() {\n  return 2;\n}\n", bad.read_text()
    assert run(root)[0] == 0
print("check_format finds and mends")
