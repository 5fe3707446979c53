"""A program of many mutants is each of them: every variant computes what the variant compiled alone does. mutant_switches_test.py COMPILER"""
import pathlib, subprocess, sys, tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import mutant_switches

SOURCE = """#include <cstdio>
#include <vector>
constexpr int kLimit = 10;
constexpr int twice(int x) { return x * 2; }
static_assert(twice(4) == 8);
struct View {
  int at(int i) const { return values[i + 1]; }
  int values[8] = {1, 2, 3, 4, 5, 6, 7, 8};
};
int sum(const std::vector<int>& values) {
  int total = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] > kLimit && total < 100) {
      total += values[i] + 1;
    } else if (values[i] == 3) {
      total = total - 2;
    }
  }
  const int more = total > 20 ||
                   total == 4 ? total + 1 : 7;
  if (more > 20) return more / 2;
  switch (more) {
    case 7:
      return twice(more) + 1;
    default:
      break;
  }
  return more % 5;
}
int main() {
  std::printf("%d %d %d %d", sum({}), sum({1, 3, 10, 12, 40, 30}), sum({3, 3, 3, 3, 11}), View().at(2));
}
"""
# (line from 1, what is replaced by what, whether it can share)
MUTANTS = [(3, "10", "11", False), (4, "*", "+", True), (7, "+ 1", "- 1", True), (11, "0", "3", True), (12, "= 0", "= 2", True), (12, "i < v", "i + 1 < v", True),
           (13, "&&", "||", True), (13, "> k", ">= k", True), (14, "+ 1", "- 1", True), (15, "==", "!=", True), (16, "-", "+", True), (19, "||", "&&", True),
           (20, "+ 1", "- 1", True), (21, "20", "2000", True), (24, "+ 1", "- 1", True), (28, "%", "*", True)]

LINES = SOURCE.split("\n")
chosen = [(number, line - 1, LINES[line - 1].replace(old, new)) for number, (line, old, new, _) in enumerate(MUTANTS, 1)]
assert all(changed != LINES[index] for _, index, changed in chosen)
statements = mutant_switches.group(LINES, chosen)
shared = {number for variants in statements.values() for number, _ in variants}
assert shared == {number for number, mutant in enumerate(MUTANTS, 1) if mutant[3]}, f"shared: {sorted(shared)}"


def build(folder, name, text):
    (folder / f"{name}.cc").write_text(text)
    subprocess.run([sys.argv[1], "-std=c++20", "-Wall", "-Wextra", "-Werror", "-I", folder, folder / f"{name}.cc", "-o", folder / name], check=True)
    return folder / name


def run(program, number=0):
    return subprocess.run([program], env={"LITEQAT_MUTANT": str(number)}, capture_output=True, text=True, check=True).stdout


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / mutant_switches.HEADER).write_text(mutant_switches.HEADER_TEXT)
    together = build(folder, "together", mutant_switches.apply(LINES, statements, "program.cc"))
    original = run(build(folder, "original", SOURCE))
    assert run(together) == original, (run(together), original)
    for number, index, changed in chosen:
        if number not in shared:
            continue
        lines = list(LINES)
        lines[index] = changed.replace("static_assert", "")
        if index == 3:  # the constant expression keeps the original, which the variant alone would not compile with
            lines[4] = ""
        alone = run(build(folder, "alone", "\n".join(lines)))
        assert run(together, number) == alone, f"line {index + 1}: {changed}: {run(together, number)}, alone {alone}"
        assert alone != original, f"line {index + 1}: the variant changes nothing"
print(f"{len(shared)} variants in one program")
