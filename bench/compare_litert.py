#!/usr/bin/env python3
"""Our invoke against LiteRT with XNNPACK, in alternating short bursts of the same run, so that both see the same machine.

compare_litert.py TOOL MODEL... [--threads N] [--batch N] [--bursts N] [--milliseconds M] [--arithmetic PROFILE]   (TOOL: build/release/tests/invoke_speed)
One line per model: minimum and median microseconds of both (medians: the median burst's), and LiteRT's time over ours. Needs ai-edge-litert and NumPy.
A model whose batch LiteRT cannot change is fed one image at a time `batch` times there."""
import argparse
import pathlib
import statistics
import subprocess
import time

import numpy as np
from ai_edge_litert.interpreter import Interpreter


class LiteRT:
    def __init__(self, model, threads, batch):
        self.calls = 1
        try:
            self.interpreter = self.prepare(model, threads, batch)
        except (RuntimeError, ValueError):
            self.interpreter, self.calls = self.prepare(model, threads, 1), batch

    @staticmethod
    def prepare(model, threads, batch):
        interpreter = Interpreter(model_path=model, num_threads=threads)
        detail = interpreter.get_input_details()[0]
        if batch > 1:
            interpreter.resize_tensor_input(detail["index"], [batch, *detail["shape"][1:]])
        interpreter.allocate_tensors()
        detail = interpreter.get_input_details()[0]
        rng = np.random.default_rng(0)
        values = rng.random(detail["shape"]).astype(np.float32)
        if detail["dtype"] is not np.float32:
            values = rng.integers(-128, 128, detail["shape"]).astype(np.int8).view(detail["dtype"])
        interpreter.set_tensor(detail["index"], values)
        interpreter.invoke()
        return interpreter

    def burst(self, milliseconds):
        times, end = [], time.perf_counter() + milliseconds / 1000
        while not times or time.perf_counter() < end:
            begin = time.perf_counter()
            for _ in range(self.calls):
                self.interpreter.invoke()
            times.append((time.perf_counter() - begin) * 1e6)
        return min(times), statistics.median(times)


class Ours:
    def __init__(self, tool, model, threads, batch, arithmetic):
        self.process = subprocess.Popen([tool, model, str(threads), str(batch), arithmetic], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)

    def burst(self, milliseconds):
        self.process.stdin.write(f"{milliseconds}\n")
        self.process.stdin.flush()
        return tuple(float(word) for word in self.process.stdout.readline().split())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--arithmetic", default="litert-reference")
    parser.add_argument("--bursts", type=int, default=30)
    parser.add_argument("--milliseconds", type=float, default=20)
    arguments = parser.parse_args()
    ratios = []
    for model in arguments.models:
        peer = LiteRT(model, arguments.threads, arguments.batch)
        ours = Ours(arguments.tool, model, arguments.threads, arguments.batch, arguments.arithmetic)
        mine, theirs = [], []
        for _ in range(arguments.bursts):
            mine.append(ours.burst(arguments.milliseconds))
            theirs.append(peer.burst(arguments.milliseconds))
        ours.close()
        least = [min(burst[0] for burst in bursts) for bursts in (mine, theirs)]
        middle = [statistics.median(burst[1] for burst in bursts) for bursts in (mine, theirs)]
        ratios.append(least[1] / least[0])
        print(f"{pathlib.Path(model).stem:40} threads {arguments.threads} batch {arguments.batch}: min {least[0]:9.1f} / {least[1]:9.1f} us, ratio {ratios[-1]:.2f}; "
              f"median {middle[0]:9.1f} / {middle[1]:9.1f} us, ratio {middle[1] / middle[0]:.2f}", flush=True)
    print(f"geometric mean of the ratios of minima: {statistics.geometric_mean(ratios):.2f}")


if __name__ == "__main__":
    main()
