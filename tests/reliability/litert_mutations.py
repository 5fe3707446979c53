"""The damaged models that liteqat reads without harm, through LiteRT: what the most used reader makes of the same files.

    litert_mutations.py MUTATE_TFLITE ARGUMENTS...      ARGUMENTS as for mutate_tflite (tests/tools/mutate_tflite.cc), without --emit

Every file is loaded, its tensors allocated and invoked (zeros in) in a child process, which goes on with the next one until it dies. Prints how
many children died, by which signal, and a line for each of the first twenty. Nothing is asserted: it is a comparison, not a test of ours.
"""

import collections
import mmap
import os
import resource
import signal
import struct
import subprocess
import sys

MOST_SECONDS = 5  # one file
MOST_MEMORY = 6 << 30  # address space of a child: LiteRT itself maps more than the 4 GiB that ours are given
SHOWN = 20


def damaged_models(command):
    emitted = subprocess.run([*command, "--emit"], stdout=subprocess.PIPE, check=True).stdout
    models, at = [], 0
    while at < len(emitted):
        (size,) = struct.unpack_from("<Q", emitted, at)
        models.append(emitted[at + 8 : at + 8 + size])
        at += 8 + size
    return models


def load_and_run(interpreter_class, model):
    """True if the model was accepted and ran."""
    try:
        interpreter = interpreter_class(model_content=model)
        interpreter.allocate_tensors()
        interpreter.invoke()
    except (ValueError, RuntimeError):
        return False
    return True


def child(interpreter_class, models, first, progress):
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 2)
    for index in range(first, len(models)):
        refused, ran = struct.unpack_from("<QQ", progress, 8)
        struct.pack_into("<Q", progress, 0, index)
        signal.alarm(MOST_SECONDS)
        accepted = load_and_run(interpreter_class, models[index])
        struct.pack_into("<QQ", progress, 8, refused + (not accepted), ran + accepted)
    signal.alarm(0)
    os._exit(0)


def main():
    from ai_edge_litert.interpreter import Interpreter

    models = damaged_models(sys.argv[1:])
    progress = mmap.mmap(-1, 24)
    deaths, first = collections.Counter(), 0
    while first < len(models):
        sys.stdout.flush()
        process = os.fork()
        if process == 0:
            child(Interpreter, models, first, progress)
        _, state = os.waitpid(process, 0)
        if os.WIFEXITED(state) and os.WEXITSTATUS(state) == 0:
            break
        (index,) = struct.unpack_from("<Q", progress, 0)
        cause = signal.Signals(os.WTERMSIG(state)).name if os.WIFSIGNALED(state) else f"exit {os.WEXITSTATUS(state)}"
        if sum(deaths.values()) < SHOWN:
            print(f"file {index}: {cause}")
        deaths[cause] += 1
        first = index + 1
    refused, ran = struct.unpack_from("<QQ", progress, 8)
    print(f"{len(models)} files: {refused} refused, {ran} ran, {sum(deaths.values())} deaths {dict(deaths)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
