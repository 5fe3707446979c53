"""Power lost at random instants of a run. Every change of a file is recorded; then folders are made as a disk may hold them: what was
flushed is there, of what was not flushed any part may be there, in any order. The next run in such a folder must end with the bytes of an
undisturbed one. power_loss_test.py WORK_FOLDER LIBRARY STATES

The model of the disk: the bytes of a file are safe up to its last fsync; of later writes a random subset of 512-byte sectors is there, the
file's length may have grown without them (zeros). A name (creation, rename, removal) is safe after an fsync of its folder; of later ones any
subset is there, each applied by itself."""
import os
import pathlib
import random
import shutil
import sys

import reliability as r

library, states = sys.argv[2], int(sys.argv[3])
work = r.fresh_folder("power_loss")
data = r.make_data(work / "data")
whole, record = work / "whole", work / "changes"
done = r.execute(r.run_command(data, whole), library=library, FAIL_LOG=str(record))
assert done.returncode == 0, done.stderr


def read_changes():
    """[(kind, number, path, path2, data)] in the order they happened."""
    raw, at, changes = record.read_bytes(), 0, []
    while at < len(raw):
        end = raw.index(b"\n", at)
        kind, number, first, second, size = raw[at:end].decode().split("\t")
        at = end + 1 + int(size)
        changes.append((kind, int(number), first, second, raw[end + 1:at]))
    return changes


class Disk:
    """Files by number, names by folder; what is safe and what is only in memory."""

    def __init__(self, top):
        self.top = str(top)
        self.open = {}       # descriptor -> file
        self.contents = []   # file -> [safe bytes, [(offset, bytes) not yet flushed], length as the program sees it]
        self.safe = {}       # name -> file or "folder"
        self.pending = []    # (folder, change of names) not yet flushed: ("set", name, file) or ("remove", name)
        self.now = {}        # names as the program sees them

    def ours(self, name):
        return name.startswith(self.top)

    def name(self, change):
        self.pending.append((os.path.dirname(change[1]), change))
        self.apply(self.now, change)

    @staticmethod
    def apply(names, change):
        if change[0] == "set":
            names[change[1]] = change[2]
        elif change[0] == "move":
            names.pop(change[2], None)
            names[change[1]] = change[3]
        else:
            names.pop(change[1], None)

    def step(self, kind, number, first, second, written):
        if kind in ("open", "create"):
            if not self.ours(first):
                self.open.pop(number, None)
                return
            if kind == "create":
                self.contents.append([b"", [], 0])
                self.name(("set", first, len(self.contents) - 1))
            file = self.now[first]
            self.open[number] = file
            if second == "truncate":
                self.contents[file][1], self.contents[file][2] = [], 0
        elif kind == "write" and number in self.open:
            state = self.contents[self.open[number]]
            state[1].append((state[2], written))
            state[2] += len(written)
        elif kind == "fsync" and number in self.open:
            state = self.contents[self.open[number]]
            content = bytearray(state[0])
            for offset, part in state[1]:
                content[offset:offset + len(part)] = part
            state[0], state[1] = bytes(content), []
        elif kind == "fsync_folder":
            for _, change in [p for p in self.pending if p[0] == first]:
                self.apply(self.safe, change)
            self.pending = [p for p in self.pending if p[0] != first]
        elif kind == "rename" and self.ours(first):
            self.name(("move", second, first, self.now[first]))
        elif kind == "mkdir" and self.ours(first):
            self.name(("set", first, "folder"))
        elif kind == "unlink" and self.ours(first):
            self.name(("remove", first))

    def lose_power(self, folder, draw):
        """Writes what may be found afterwards."""
        names = dict(self.safe)
        for _, change in self.pending:
            if draw.random() < 0.5:
                self.apply(names, change)
        pathlib.Path(folder).mkdir(parents=True)
        for name in sorted(names, key=len):
            path = pathlib.Path(folder + name[len(self.top):])
            if not path.parent.is_dir():
                continue  # its folder's own name was lost
            if names[name] == "folder":
                path.mkdir(exist_ok=True)
                continue
            safe, unflushed, _ = self.contents[names[name]]
            content = bytearray(safe)
            for offset, part in unflushed:
                for at in range(0, len(part), 512):
                    sector = part[at:at + 512]
                    if draw.random() < 0.5:
                        content.extend(b"\0" * (offset + at + len(sector) - len(content)))
                        content[offset + at:offset + at + len(sector)] = sector
            path.write_bytes(content)


changes = read_changes()
flushes = sum(change[0].startswith("fsync") for change in changes)
assert flushes > 20, f"{flushes} flushes in {len(changes)} changes: the record cannot be right"


def lose(number):
    draw = random.Random(number)
    # The first states lie around renames, where it matters most.
    renames = [i for i, change in enumerate(changes) if change[0] == "rename"]
    instant = renames[number] + draw.randint(0, 1) if number < len(renames) else draw.randint(1, len(changes))
    disk = Disk(whole)
    for change in changes[:instant]:
        disk.step(*change)
    folder = work / f"state_{number}"
    disk.lose_power(str(folder), draw)
    title = f"state {number}, power lost after change {instant} of {len(changes)}"
    again = r.execute(r.run_command(data, folder))
    assert again.returncode == 0, f"{title}: does not go on\n{again.stderr}"
    assert not r.temporaries(folder), f"{title}: temporaries are left: {r.temporaries(folder)}"
    r.compare_runs(whole, folder, title)
    shutil.rmtree(folder)


r.in_parallel(lose, range(states))
print(f"{states} states after a loss of power among {len(changes)} changes ({flushes} flushes): the next run always ended with the same bytes")
