"""How the ranges of quantization-aware training are best found: EMA, learned (LSQ) and calibrated ones, each trained from the same float model.

compare_ranges.py --from FLOAT.safetensors --data DIR --work DIR [--recipe cifar10_mobilenet_v2] [--ranges ema,learned,calibrated] [--images N] [--epochs E]
                  [--seed S] [--binary liteqat] [--threads N] [--set K=V]... [--out FILE.json]
Fake quantization in all of them (learned ranges have no other forward). The exported int8 models are compared with the first one's on the test images by
`liteqat compare`. Runs in --work that have finished are reused, an interrupted one goes on; --out is written after every run."""
import argparse
import datetime
import json
import pathlib
import platform
import subprocess


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--from", dest="source", required=True, type=pathlib.Path)
    parser.add_argument("--data", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--recipe", default="cifar10_mobilenet_v2")
    parser.add_argument("--ranges", default="ema,learned,calibrated")
    parser.add_argument("--images", type=int, default=0, help="training images, 0: all")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--binary", default=str(pathlib.Path(__file__).resolve().parents[1] / "build/release/liteqat"))
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], help="passed on to every run")
    parser.add_argument("--out", type=pathlib.Path)
    return parser.parse_args()


def liteqat(arguments, *words):
    return subprocess.run([arguments.binary, *map(str, words)], check=True, capture_output=True, text=True).stdout


def train(arguments, ranges):
    folder = arguments.work / ranges
    settings = [f"model.pretrained={arguments.source}", f"qat.images={arguments.images}", f"qat.epochs={arguments.epochs}", f"qat.ranges={ranges}",
                "qat.forward=fake_quant", "qat.control=false", 'export.types=["qat_int8"]', *arguments.set]
    words = [word for setting in settings for word in ("--set", setting)]
    threads = ["--threads", arguments.threads] if arguments.threads else []
    liteqat(arguments, "run", arguments.recipe, "--data", arguments.data, "--seed", arguments.seed, "-o", folder, "-q", *threads, *words)
    return folder


def compare(arguments, first, other):
    record = json.loads(liteqat(arguments, "compare", first / "predictions/qat_int8.npy", other / "predictions/qat_int8.npy", "--labels",
                                first / "predictions/labels.npy", "--json", "-"))
    return {key: record[key] for key in ("difference", "mcnemar", "equivalence", "total")}


def main():
    arguments = parse_arguments()
    arguments.work.mkdir(parents=True, exist_ok=True)
    cpu = next((line.split(": ")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    settings = {key: str(value) for key, value in vars(arguments).items() if key not in ("data", "work", "binary", "out")}
    result = {"bench": "compare_ranges", "date": datetime.date.today().isoformat(), "cpu": cpu, "arguments": settings, "arms": []}
    first = None
    for ranges in arguments.ranges.split(","):
        folder = train(arguments, ranges)
        first = first or folder
        record = json.loads((folder / "run.json").read_text())
        arm = {"ranges": ranges, "images_per_second": next(s.get("images_per_second") for s in record["stages"] if s["name"] == "qat"),
               "correct": {metric["id"]: [metric["correct"], metric["total"]] for metric in record["metrics"]}}
        if folder != first:
            arm["against_first"] = compare(arguments, first, folder)
        result["arms"].append(arm)
        print(json.dumps(arm), flush=True)
        if arguments.out:
            arguments.out.write_text(json.dumps(result, indent=1) + "\n")


main()
