"""The progress line on a real pseudo-terminal, resized while the program runs; --quiet and NO_COLOR there. terminal_test.py WORK_FOLDER

The screen is emulated here: the few control sequences that the program may use, and lines that a narrower terminal wraps again."""
import fcntl
import os
import pathlib
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import termios

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import harness

work = pathlib.Path(sys.argv[1]) / "terminal"
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)


class Screen:
    """Logical lines (what was written without a newline in between), shown wrapped at the current width; the cursor is in the last one."""

    def __init__(self, columns):
        self.columns = columns
        self.lines = [""]
        self.column = 0  # in the last logical line

    def rows(self):
        return [line[i:i + self.columns] for line in self.lines for i in range(0, max(len(line), 1), self.columns)]

    def feed(self, text):
        for escape, letter in re.findall(r"(\x1b\[[0-9;]*[A-Za-z])|(.)", text, re.S):
            if escape:
                self.control(escape)
            elif letter == "\n":
                self.lines.append("")
                self.column = 0
            elif letter == "\r":
                self.column -= self.column % self.columns if self.column % self.columns or not self.column else self.columns
            else:
                line = self.lines[-1]
                self.lines[-1] = line[:self.column] + letter + line[self.column + 1:]
                self.column += 1

    def control(self, escape):
        number, kind = escape[2:-1], escape[-1]
        if kind == "A":
            self.column -= self.columns * int(number or 1)
            assert self.column >= 0, "the cursor went up into lines that were finished"
        elif kind == "J":
            self.lines[-1] = self.lines[-1][:self.column]
        else:
            raise AssertionError(f"control sequence {escape!r} is not expected in progress")


def set_size(terminal, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))


def watch(arguments, columns, resize=lambda screen, terminal: None, env=None):
    """Runs the binary with stderr on a terminal; returns the screen at the end, every row that was ever live, and stdout."""
    terminal, other = pty.openpty()
    set_size(terminal, columns)
    attributes = termios.tcgetattr(other)
    attributes[1] &= ~termios.OPOST  # newlines arrive as they were written
    termios.tcsetattr(other, termios.TCSANOW, attributes)
    process = subprocess.Popen([harness.BINARY, *map(str, arguments)], stdout=subprocess.PIPE, stderr=other, text=True, env={**os.environ, **(env or {})})
    os.close(other)
    screen, live, raw = Screen(columns), [], ""
    while True:
        if not select.select([terminal], [], [], 60)[0]:
            raise AssertionError("nothing for a minute")
        try:
            piece = os.read(terminal, 65536).decode()
        except OSError:  # the other end was closed
            break
        if not piece:
            break
        raw += piece
        screen.feed(piece)
        if screen.lines[-1]:
            live.append(screen.lines[-1])
            resize(screen, terminal)
    out = process.stdout.read()
    assert process.wait() == 0, (out, raw)
    os.close(terminal)
    return screen, live, out, raw


SHORT = ["--set", "train.images=30000", "--set", "qat.images=200", "--set", "qat.batch_size=50", "--set", "qat.calibration_images=50", "--threads", "1"]

widths = [60, 25, 100, 12, 40]
pending = list(widths)


def change_width(screen, terminal):
    if pending:
        screen.columns = pending.pop(0)
        set_size(terminal, screen.columns)


screen, live, _, raw = watch(["train", "mnist_guide", "-o", work / "resized", *SHORT], 120, change_width)
assert not pending, f"the program drew too few lines to be resized {len(widths)} times"
assert any(re.match(r"float epoch 1/1  [\d,]+/[\d,]+ images  [\d.,]+/s  ETA \d+:\d\d", line) for line in live), live[:3]
kept = [line for line in screen.lines if line]
assert kept, raw
for line in kept:  # what stays are finished lines alone, each once: no remains of a live line
    assert "ETA" not in line, f"the remains of a live line stayed on the screen: {line!r}"
assert len(kept) == len(set(kept)), kept
assert sum(line.startswith("float epoch 1/1") for line in kept) == 1, kept

# At a fixed width a live line never wraps, however narrow the terminal: nothing has to be cleared above it.
for columns in (1, 7, 33):
    _, live, _, raw = watch(["train", "mnist_guide", "-o", work / f"fixed{columns}", *SHORT], columns)
    assert "\x1b[J" in raw or columns == 1, "no live line was drawn"
    assert not re.search(r"\x1b\[\d+A", raw), (columns, live)

screen, _, out, raw = watch(["train", "mnist_guide", "-o", work / "quiet", "--quiet", *SHORT], 80)
assert raw == "" and out.strip().endswith("float.safetensors"), (raw, out)
_, _, _, raw = watch(["train", "mnist_guide", "-o", work / "plain", *SHORT], 80, env={"NO_COLOR": "1"})
assert not re.search(r"\x1b\[[0-9;]*m", raw), "colour in spite of NO_COLOR"
print("progress: one live line, whole after every resize, nothing of it left at the end")
