"""Many mutants in one program (scripts/mutation_score): statements that hold all their variants, of which LITEQAT_MUTANT in the environment names one.

A statement that is no declaration becomes a chain of ifs around its variants, a condition or an initial value a choice among them. What cannot be
written so (multi-line fragments, names' scopes, constants) stays for a compilation of its own. In constant expressions the original is used.
"""
import re

HEADER = "liteqat_mutant.h"
HEADER_TEXT = """#pragma once
#include <cstdlib>
#include <type_traits>
namespace liteqat {
inline int chosen_mutant() {
  static const int chosen = std::getenv("LITEQAT_MUTANT") ? std::atoi(std::getenv("LITEQAT_MUTANT")) : 0;
  return chosen;
}
constexpr bool is_mutant(int number) {
  if (std::is_constant_evaluated()) return false;
  return chosen_mutant() == number;
}
}  // namespace liteqat
"""
TEST = "::liteqat::is_mutant"
KEYWORDS = re.compile(r"^(return\b|if\b|for\b|while\b|else\b|switch\b|do\b|case\b|default\b)")
ASSIGNED = re.compile(r"^([\w:<>,*&\s]+?[\w>*&]\s[*&]*\w+) = (.*);$")
OTHER_DECLARATION = re.compile(r"^(LITEQAT_ASSIGN|static_assert|constexpr|using|typedef|break|continue)|^[\w:<>,*&\s]+[\w>*&]\s[*&]*\w+\s*([;({\[]|$)")
BODY = re.compile(r"^(.*\)(?: const)?(?: noexcept)? \{) (return .*;) \}$")
MOST_LINES = 12


def code_part(line):
    """The line without its comment and with its texts blanked, the same length."""
    line = re.sub(r'"(?:[^"\\]|\\.)*"', lambda match: '"' + "\0" * (len(match.group()) - 2) + '"', line)
    line = re.sub(r"'(?:[^'\\]|\\.)'", lambda match: "'" + "\0" * (len(match.group()) - 2) + "'", line)
    return re.sub(r"//.*", lambda match: " " * len(match.group()), line)


def bare(line):
    return line[: len(code_part(line).rstrip())].strip()


def is_whole(text):
    """Brackets closed, but for the brace of a block that begins at the end."""
    code = code_part(text)
    counts = {opening: code.count(opening) - code.count(closing) for opening, closing in ("()", "[]", "{}")}
    opened = 1 if code.endswith("{") else 0
    return counts["("] == 0 and counts["["] == 0 and counts["{"] == opened - (1 if code.startswith("}") else 0) and code[-1:] in (";", "{", "}")


def find_statement(lines, index):
    """(first, last) of the statement around a line, or None."""
    first = index
    while first > 0:
        before = bare(lines[first - 1])
        if not before or before[-1] in ";{}:" or before.startswith("#"):
            break
        first -= 1
    for last in range(index, min(first + MOST_LINES, len(lines))):
        text = " ".join(filter(None, map(bare, lines[first : last + 1])))
        if is_whole(text):
            return first, last
    return None


def choice(original, variants):
    return "".join(f"{TEST}({number}) ? ({text}) : " for number, text in variants) + f"({original})"


def split_condition(text):
    """"} else if (" and the condition, of a statement that begins a block."""
    match = re.match(r"^((?:\} else )?(?:if|while) \()(.*)\) \{$", text)
    return match.groups() if match and ";" not in code_part(match[2]) else None


def switched_loop(texts, numbers):
    """A for statement's first value and condition, each a choice where variants differ in it."""
    parts = [re.match(r"^for \(([^;]*;) ([^;]*); ([^;]*)\) \{$", text) for text in texts]
    if not all(parts) or len({part[3] for part in parts}) > 1:
        return None
    starts, conditions = [part[1] for part in parts], [f"static_cast<bool>({part[2]})" for part in parts]
    start = starts[0]
    if len(set(starts)) > 1:
        values = [ASSIGNED.match(text) for text in starts]
        if not all(values) or len({match[1] for match in values}) > 1:
            return None
        start = values[0][1] + " = " + choice(values[0][2], [(n, match[2]) for n, match in zip(numbers, values[1:]) if match[2] != values[0][2]]) + ";"
    condition = choice(conditions[0], [(n, text) for n, text in zip(numbers, conditions[1:]) if text != conditions[0]])
    return f"for ({start} {condition}; {parts[0][3]}) {{"


def switched(original, variants):
    """The statement with all variants, [(number, text)], or None."""
    texts = [original, *(text for _, text in variants)]
    body = [BODY.match(text) for text in texts]
    if all(body) and len({match[1] for match in body}) == 1:
        inner = switched(body[0][2], [(number, match[2]) for (number, _), match in zip(variants, body[1:])])
        return body[0][1] + " " + inner + " }"
    if original.startswith("for (") and original.endswith("{"):
        return switched_loop(texts, [number for number, _ in variants])
    if original.endswith("{"):
        parts = [split_condition(text) for text in texts]
        if not all(parts) or len({part[0] for part in parts}) > 1:
            return None
        truth = [f"static_cast<bool>({condition})" for _, condition in parts]
        return parts[0][0] + choice(truth[0], [(number, text) for (number, _), text in zip(variants, truth[1:])]) + ") {"
    if not original.endswith(";") or original.startswith("}"):
        return None
    values = [None if KEYWORDS.match(text) or text.startswith("constexpr") else ASSIGNED.match(text) for text in texts]
    if all(values) and len({match[1] for match in values}) == 1:
        return values[0][1] + " = " + choice(values[0][2], [(number, match[2]) for (number, _), match in zip(variants, values[1:])]) + ";"
    if any(not KEYWORDS.match(text) and (ASSIGNED.match(text) or OTHER_DECLARATION.match(text)) and not text.startswith("LITEQAT_RETURN") for text in texts):
        return None
    return "{ " + "".join(f"if ({TEST}({number})) {{ {text} }} else " for number, text in variants) + f"{{ {original} }} }}"


def group(lines, mutants):
    """Statements that can be switched, {(first, last): [(number, text)]}. mutants: [(number, line index, changed line)]."""
    statements = {}
    for number, index, changed in mutants:
        place = find_statement(lines, index)
        if place is None:
            continue
        first, last = place
        variant = " ".join(filter(None, (bare(changed if at == index else lines[at]) for at in range(first, last + 1))))
        statements.setdefault(place, []).append((number, variant))
    ends = {}
    for place in sorted(statements):  # a statement inside another one (a lambda's) stays alone
        if any(first <= place[0] <= last for first, last in ends):
            continue
        original = " ".join(filter(None, map(bare, lines[place[0] : place[1] + 1])))
        if switched(original, statements[place]):
            ends[place] = statements[place]
    return ends


def apply(lines, statements, path):
    """The file's text with every statement switched; the compiler's lines stay those of the original."""
    lines = list(lines)
    for (first, last), variants in statements.items():
        original = " ".join(filter(None, map(bare, lines[first : last + 1])))
        lines[first : last + 1] = [switched(original, variants)] + [""] * (last - first)
    return f'#include "{HEADER}"\n#line 1 "{path}"\n' + "\n".join(lines)
