"""Writes the last fenced C++ block of a Markdown file to a source file: extract_code.py PAGE.md OUT.cc"""
import re
import sys

page, out = sys.argv[1:]
with open(page) as f:
    blocks = re.findall(r"^```cpp\n(.*?)^```$", f.read(), re.DOTALL | re.MULTILINE)
if not blocks:
    sys.exit(f"{page}: no ```cpp block")
with open(out, "w") as f:
    f.write(blocks[-1])
