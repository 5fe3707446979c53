"""Do two ways of quantization-aware training learn equally well? The integer forward against fake quantization, seed by seed.

equal_learning.py --data DIR --work DIR [--recipe cifar10_resnet8] [--seeds 5] [--float-epochs 5] [--qat-epochs 5] [--margin 0.01] [--binary liteqat] [--set K=V]... [--out FILE.json]
Each seed trains one float network, from which both ways start. The verdict is `liteqat compare`'s equivalence test (two one-sided score tests on paired
answers) of the .tflite files, over the test images of all seeds together and of each. Runs in --work that have finished are reused, an interrupted one goes on."""
import argparse
import datetime
import json
import pathlib
import platform
import subprocess

import numpy

WAYS = ["fake_quant", "integer"]

parser = argparse.ArgumentParser()
parser.add_argument("--data", required=True)
parser.add_argument("--work", required=True)
parser.add_argument("--recipe", default="cifar10_resnet8")
parser.add_argument("--seeds", type=int, default=5)
parser.add_argument("--float-epochs", type=int, default=5)
parser.add_argument("--qat-epochs", type=int, default=5)
parser.add_argument("--margin", type=float, default=0.01)
parser.add_argument("--binary", default=str(pathlib.Path(__file__).resolve().parents[1] / "build/release/liteqat"))
parser.add_argument("--set", action="append", default=[], help="passed on to every stage")
parser.add_argument("--out")
arguments = parser.parse_args()
work = pathlib.Path(arguments.work)


def liteqat(command, folder, seed, settings):
    words = [word for setting in [*arguments.set, *settings] for word in ("--set", setting)]
    subprocess.run([arguments.binary, command, arguments.recipe, "--data", arguments.data, "--seed", str(seed), "-o", str(folder), *words], check=True)


def run_seed(seed):
    floats = work / f"seed{seed}" / "float"
    liteqat("train", floats, seed, [f"train.epochs={arguments.float_epochs}"])
    rows = {}
    for way in WAYS:
        folder = work / f"seed{seed}" / way
        liteqat("run", folder, seed, [f"model.pretrained={floats / 'float.safetensors'}", f"qat.epochs={arguments.qat_epochs}", f"qat.forward={way}",
                                      "qat.control=false", 'export.types=["qat_int8"]'])
        record = json.loads((folder / "run.json").read_text())
        stage = next(s for s in record["stages"] if s["name"] == "qat")
        correct = {m["model"]: m["correct"] for m in record["metrics"] if m["split"] == "test"}
        rows[way] = {"correct": correct, "images_per_second": stage.get("images_per_second"), "folder": folder}
    return rows


def stack(rows, way, name):
    """Predictions of all seeds, one after the other."""
    return numpy.concatenate([numpy.load(row[way]["folder"] / "predictions" / name) for row in rows])


def compare(rows, name):
    files = []
    for way in WAYS:
        files.append(work / f"{name}_{way}.npy")
        numpy.save(files[-1], stack(rows, way, "qat_int8.npy"))
    labels = work / f"{name}_labels.npy"
    numpy.save(labels, stack(rows, WAYS[0], "labels.npy"))
    printed = subprocess.run([arguments.binary, "compare", *map(str, files), "--labels", str(labels), "--margin", str(arguments.margin), "--json", "-"], check=True,
                             capture_output=True, text=True).stdout
    record = json.loads(printed)
    return {"difference": record["difference"], "equivalence": record["equivalence"], "mcnemar": record["mcnemar"], "total": record["total"]}


rows = []
for seed in range(arguments.seeds):
    rows.append(run_seed(seed))
    print(f"seed {seed}: " + ", ".join(f"{way} {rows[-1][way]['correct']} at {rows[-1][way]['images_per_second']:.0f} images/s" for way in WAYS), flush=True)
summary = {"all": compare(rows, "all"), "by_seed": [compare([row], f"seed{seed}") for seed, row in enumerate(rows)]}
cpu = next((line.split(": ")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
result = {"bench": "equal_learning", "date": datetime.date.today().isoformat(), "cpu": cpu, "arguments": {k: v for k, v in vars(arguments).items() if k not in ("data", "work", "binary", "out")},
          "rows": [{way: {k: v for k, v in row[way].items() if k != "folder"} for way in WAYS} for row in rows], "summary": summary}
print(json.dumps(summary["all"], indent=1))
if arguments.out:
    pathlib.Path(arguments.out).write_text(json.dumps(result, indent=1) + "\n")
