"""Do two ways of training learn equally well? Seed by seed: fused steps against single ones in float training, the integer forward against fake quantization in
quantization-aware training.

equal_learning.py --data DIR --work DIR [--pairs integer,fused] [--recipe cifar10_resnet8] [--seeds 5] [--epochs 5] [--images N] [--margin 0.01]
                  [--binary liteqat] [--threads N] [--set K=V]... [--out FILE.json]
Each seed trains one float network, from which both ways of QAT start and whose float answers stand for fused training; the unfused way trains the same network
with train.fused=false. Two verdicts a pair: `liteqat compare`'s equivalence test (two one-sided score tests on paired answers) over the test images of all seeds
together, which takes seeds as given; and two one-sided t tests on the seeds' differences, which takes images as given. Runs in --work that have finished are
reused, an interrupted one goes on; --out is written anew after every seed."""
import argparse
import datetime
import json
import math
import pathlib
import platform
import subprocess

import numpy

# The models that each pair compares, the first one minus the second.
PAIRS = {"integer": ("integer", "fake_quant"), "fused": ("fused", "unfused")}
# Student's t at 0.95 by degrees of freedom: the ends of the 90 % interval, inside which two one-sided tests at 5 % find equivalence.
T_95 = {1: 6.314, 2: 2.920, 3: 2.353, 4: 2.132, 5: 2.015, 6: 1.943, 7: 1.895, 8: 1.860, 9: 1.833}


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--pairs", default="integer,fused")
    parser.add_argument("--recipe", default="cifar10_resnet8")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=5, help="of float training, and of QAT")
    parser.add_argument("--images", type=int, default=0, help="training images, 0: all")
    parser.add_argument("--margin", type=float, default=0.01)
    parser.add_argument("--binary", default=str(pathlib.Path(__file__).resolve().parents[1] / "build/release/liteqat"))
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], help="passed on to every stage")
    parser.add_argument("--out")
    arguments = parser.parse_args()
    for pair in arguments.pairs.split(","):
        if pair not in PAIRS:
            parser.error(f"--pairs {pair}: expected {' or '.join(PAIRS)}")
    return arguments


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.threads = ["--threads", str(arguments.threads)] if arguments.threads else []

    def liteqat(self, *words):
        return subprocess.run([self.arguments.binary, *map(str, words)], check=True, capture_output=True, text=True).stdout

    def stage(self, command, folder, seed, settings):
        images = [f"train.images={self.arguments.images}", f"qat.images={self.arguments.images}"]
        words = [word for setting in [*self.arguments.set, *images, *settings] for word in ("--set", setting)]
        self.liteqat(command, self.arguments.recipe, "--data", self.arguments.data, "--seed", seed, "-o", folder, "-q", *self.threads, *words)

    def train_float(self, seed, fused=True):
        folder = self.arguments.work / f"seed{seed}" / ("float" if fused else "unfused")
        self.stage("train", folder, seed, [f"train.epochs={self.arguments.epochs}", *([] if fused else ["train.fused=false"])])
        answers = folder / "answers"
        if not (answers / "float.npy").exists():
            self.liteqat("eval", folder / "float.safetensors", "--data", self.arguments.data, "--predictions", answers, *self.threads)
        return {"answers": answers / "float.npy", "labels": answers / "labels.npy"}

    def train_qat(self, seed, forward):
        start = self.arguments.work / f"seed{seed}" / "float" / "float.safetensors"
        folder = self.arguments.work / f"seed{seed}" / forward
        self.stage("run", folder, seed, [f"model.pretrained={start}", f"qat.epochs={self.arguments.epochs}", f"qat.forward={forward}", "qat.control=false",
                                         'export.types=["qat_int8"]'])
        record = json.loads((folder / "run.json").read_text())
        rate = next(stage for stage in record["stages"] if stage["name"] == "qat").get("images_per_second")
        return {"answers": folder / "predictions/qat_int8.npy", "labels": folder / "predictions/labels.npy", "images_per_second": rate}

    def train(self, seed, way):
        if way in ("fused", "unfused"):
            return self.train_float(seed, way == "fused")
        self.train_float(seed)
        return self.train_qat(seed, way)

    def compare(self, name, ways, rows):
        """`liteqat compare` on the answers of all rows, one after the other."""
        files = []
        for way in ways:
            files.append(self.arguments.work / f"{name}_{way}.npy")
            numpy.save(files[-1], numpy.concatenate([numpy.load(row[way]["answers"]) for row in rows]))
        labels = self.arguments.work / f"{name}_labels.npy"
        numpy.save(labels, numpy.concatenate([numpy.load(row[ways[0]]["labels"]) for row in rows]))
        printed = self.liteqat("compare", *files, "--labels", labels, "--margin", self.arguments.margin, "--json", "-")
        record = json.loads(printed)
        return {"a": record["a"]["value"], "b": record["b"]["value"], "difference": record["difference"], "equivalence": record["equivalence"],
                "mcnemar": record["mcnemar"], "total": record["total"]}


def judge_seeds(differences, margin):
    """The 90 % interval of the mean difference over seeds, by Student's t."""
    values = numpy.array(differences)
    if len(values) - 1 not in T_95:
        return None
    half = T_95[len(values) - 1] * values.std(ddof=1) / math.sqrt(len(values))
    low, high = values.mean() - half, values.mean() + half
    return {"mean": values.mean(), "low": low, "high": high, "method": "student_t_90", "equivalent": bool(-margin < low and high < margin)}


def summarize(bench, pair, rows):
    ways = PAIRS[pair]
    by_seed = [bench.compare(f"{pair}_seed{seed}", ways, [row]) for seed, row in enumerate(rows)]
    return {"ways": ways, "seeds": len(rows), "all": bench.compare(f"{pair}_all", ways, rows), "by_seed": by_seed,
            "over_seeds": judge_seeds([row["difference"]["value"] for row in by_seed], bench.arguments.margin),
            "images_per_second": {way: [row[way].get("images_per_second") for row in rows] for way in ways}}


def main():
    arguments = parse_arguments()
    bench = Bench(arguments)
    cpu = next((line.split(": ")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    settings = {key: value for key, value in vars(arguments).items() if key not in ("data", "work", "binary", "out")}
    result = {"bench": "equal_learning", "date": datetime.date.today().isoformat(), "cpu": cpu, "arguments": settings, "pairs": {}}
    for pair in arguments.pairs.split(","):
        rows = []
        for seed in range(arguments.seeds):
            rows.append({way: bench.train(seed, way) for way in PAIRS[pair]})
            result["pairs"][pair] = summarize(bench, pair, rows)
            last = result["pairs"][pair]["by_seed"][-1]
            print(f"{pair} seed {seed}: {PAIRS[pair][0]} {last['a']:.4f}, {PAIRS[pair][1]} {last['b']:.4f}", flush=True)
            if arguments.out:
                pathlib.Path(arguments.out).write_text(json.dumps(result, indent=1) + "\n")
        everything = result["pairs"][pair]
        print(json.dumps({"all": everything["all"], "over_seeds": everything["over_seeds"]}, indent=1), flush=True)


main()
