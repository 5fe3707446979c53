"""The guide's example, ours against TensorFlow's, in one run: accuracies over seeds and seconds.

compare_guide.py --peer-python PYTHON --peer-script keras_mnist_guide.py [--binary liteqat] [--seeds N] [--out FILE.json]
The peer needs tensorflow-cpu, tf-keras and tensorflow-model-optimization. Our seconds are those of the whole process `liteqat run --fresh`, control, PTQ,
evaluation and report included; the peer's are its guide_seconds (fits, evaluations, conversion; imports and data loading excluded)."""
import argparse
import datetime
import json
import pathlib
import platform
import statistics
import subprocess
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("--peer-python", required=True)
parser.add_argument("--peer-script", required=True)
parser.add_argument("--binary", default=str(pathlib.Path(__file__).resolve().parents[1] / "build/release/liteqat"))
parser.add_argument("--seeds", type=int, default=5)
parser.add_argument("--set", action="append", default=[], help="passed on to liteqat run")
parser.add_argument("--out")
arguments = parser.parse_args()


def run_peer(seed, folder):
    subprocess.run([arguments.peer_python, arguments.peer_script, "--seed", str(seed), "--out", folder], check=True, capture_output=True)
    return json.loads((pathlib.Path(folder) / "guide.json").read_text())


def run_ours(seed, folder):
    settings = [word for setting in arguments.set for word in ("--set", setting)]
    start = time.perf_counter()
    subprocess.run([arguments.binary, "run", "mnist_guide", "--fresh", "--quiet", "--seed", str(seed), "-o", folder, *settings], check=True, capture_output=True)
    seconds = time.perf_counter() - start
    record = json.loads((pathlib.Path(folder) / "run.json").read_text())
    return {"seed": seed, "correct": {m["model"]: m["correct"] for m in record["metrics"]}, "total": 10000, "seconds": seconds}


rows = []
with tempfile.TemporaryDirectory() as folder:
    for seed in range(arguments.seeds):  # alternating, so that a slow minute of the machine falls on both
        ours, peer = run_ours(seed, f"{folder}/ours"), run_peer(seed, f"{folder}/peer")
        rows.append({"ours": ours, "peer": peer})
        print(f"seed {seed}: ours {ours['correct']} in {ours['seconds']:.2f} s, peer {peer['correct']} in {peer['guide_seconds']:.2f} s", flush=True)
summary = {"ratio_of_seconds": statistics.median(r["ours"]["seconds"] / r["peer"]["guide_seconds"] for r in rows)}
for model in ["float", "qat", "qat_int8"]:
    ours = statistics.mean(r["ours"]["correct"][model] / 10000 for r in rows)
    peer = statistics.mean(r["peer"]["correct"][model] / 10000 for r in rows)
    summary[model] = {"ours_mean": ours, "peer_mean": peer, "difference": ours - peer}
cpu = next((line.split(": ")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
result = {"bench": "compare_guide", "date": datetime.date.today().isoformat(), "cpu": cpu, "settings": arguments.set, "rows": rows, "summary": summary}
print(json.dumps(summary, indent=1))
if arguments.out:
    pathlib.Path(arguments.out).write_text(json.dumps(result, indent=1) + "\n")
