#!/usr/bin/env python3
"""The runtime's speed table: `liteqat bench` against LiteRT with XNNPACK (and OpenVINO), the same models, alternating in one run.

compare_runtimes.py SHARED [--liteqat BINARY] [--python LITERT_PYTHON] [--openvino-python PYTHON] [--seconds S] [--rounds N] [--model NAME]... [--rows latency|batch] [-o RESULT.json]
SHARED holds models/ and peers/ (litert_bench.py, openvino_bench.py; peers/setup makes the Python environments). Rows: every model at batch 1 with one and two threads,
medians of rounds; and batch evaluation on two cores, our best of {1 x 2 threads, 2 x 1 thread} against LiteRT's best of the same, over batch {1, 16, 64}, in images
per second at the median call: a call that some other process interrupts says nothing about either runtime."""
import argparse
import datetime
import json
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

MODELS = {"int8": ["mlperf_tiny_resnet8_cifar10_int8", "bench_mobilenet_v2_keras32_int8", "bench_mobilenet_v2_cifar88m_int8", "coral_mobilenet_v2_1.0_224_ptq"],
          "float32": ["mlperf_tiny_resnet8_cifar10_float"]}
# float32 as the peers compute it: the reference profiles multiply and add apart (docs/decisions/0048).
ARITHMETIC = {"int8": "litert-reference", "float32": "xnnpack"}
BATCHES = (1, 16, 64)
SHAPES = ((1, 2), (2, 1))  # (workers, threads)


def ours(options, model, arithmetic, threads, batch=1, workers=1):
    command = [options.liteqat, "bench", model, "--arithmetic", arithmetic, "--threads", threads, "--batch", batch, "--workers", workers, "--seconds", options.seconds, "--quiet", "--json", "-"]
    record = json.loads(subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout)
    return {"median_ms": record["latency_ms"]["median"], "min_ms": record["latency_ms"]["min"], "images_per_second": record["images_per_second"], "isa": record["isa"],
            "cpu": record["cpu"], "version": record["version"], "load_ms": record["load_ms"], "prepare_ms": record["prepare_ms"]}


def peer(options, python, script, model, threads, batch=1, workers=1):
    """None where the peer does not run the model at this batch."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = [python, pathlib.Path(options.shared) / "peers" / script, "--threads", threads, "--seconds", options.seconds, "--json", file.name]
        if batch > 1:
            command += ["--batch", batch]
        if workers > 1:
            command += ["--processes", workers]
        subprocess.run(list(map(str, [*command, model])), check=True, capture_output=True)
        rows = json.loads(pathlib.Path(file.name).read_text() or "[]")
    return rows[0] if rows else None


def middle(rows, key):
    return statistics.median(row[key] for row in rows)


def latency_row(options, model, kind, threads):
    runs = {"liteqat": [], "litert": [], "openvino": []}
    for _ in range(options.rounds):
        runs["liteqat"].append(ours(options, model, ARITHMETIC[kind], threads))
        runs["litert"].append(peer(options, options.python, "litert_bench.py", model, threads))
        if options.openvino_python:
            runs["openvino"].append(peer(options, options.openvino_python, "openvino_bench.py", model, threads))
    row = {"model": model.stem, "arithmetic": ARITHMETIC[kind], "threads": threads, "batch": 1}
    for name, results in runs.items():
        results = [r for r in results if r]
        if results:
            row[name] = {"median_ms": middle(results, "median_ms"), "min_ms": min(r["min_ms"] for r in results)}
    for name in ("litert", "openvino"):
        if name in row:
            row[f"{name}_ratio"] = row[name]["median_ms"] / row["liteqat"]["median_ms"]
            row[f"{name}_min_ratio"] = row[name]["min_ms"] / row["liteqat"]["min_ms"]
    row["load_ms"], row["prepare_ms"] = (min(r[key] for r in runs["liteqat"]) for key in ("load_ms", "prepare_ms"))
    return row


def batch_row(options, model, kind):
    best = {"liteqat": None, "litert": None}
    for batch in BATCHES:
        for workers, threads in SHAPES:
            for name in best:
                result = ours(options, model, ARITHMETIC[kind], threads, batch, workers) if name == "liteqat" else \
                    peer(options, options.python, "litert_bench.py", model, threads, batch, workers)
                rate = workers * batch * 1000 / result["median_ms"] if result else 0
                if best[name] is None or rate > best[name]["images_per_second"]:
                    best[name] = {"images_per_second": rate, "batch": batch, "workers": workers, "threads": threads}
    return {"model": model.stem, "evaluation": best, "litert_ratio": best["liteqat"]["images_per_second"] / best["litert"]["images_per_second"]}


def show(row):
    if "evaluation" in row:
        shown = {name: "{images_per_second:9.0f} images/s (batch {batch}, {workers} x {threads})".format(**best) for name, best in row["evaluation"].items()}
        print(f"{row['model']:36} two cores  {shown['liteqat']}  LiteRT {shown['litert']}  ratio {row['litert_ratio']:.2f}", flush=True)
        return
    print(f"{row['model']:36} {row['threads']} thread(s) " + "  ".join(f"{name} {row[name]['median_ms']:9.4f} ms" for name in ("liteqat", "litert", "openvino") if name in row) +
          "  ratio " + ", ".join(f"{name} {row[f'{name}_ratio']:.2f} (minima {row[f'{name}_min_ratio']:.2f})" for name in ("litert", "openvino") if name in row), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = pathlib.Path(__file__).resolve().parents[1]
    parser.add_argument("shared", type=pathlib.Path)
    parser.add_argument("--liteqat", default=root / "build/release/liteqat")
    parser.add_argument("--python", default=root / "build/oracle/bin/python")
    parser.add_argument("--openvino-python")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", action="append", help="only models whose name contains this")
    parser.add_argument("--rows", choices=("latency", "batch"), help="only these rows")
    parser.add_argument("-o", "--out")
    options = parser.parse_args()
    wanted = [(kind, options.shared / "models" / f"{name}.tflite") for kind, names in MODELS.items() for name in names
              if not options.model or any(part in name for part in options.model)]
    if not wanted:
        sys.exit("no model has such a name")
    rows = []
    for kind, model in wanted:
        for threads in () if options.rows == "batch" else (1, 2):
            rows.append({"kind": kind, **latency_row(options, model, kind, threads)})
            show(rows[-1])
        if kind == "int8" and options.rows != "latency":
            rows.append({"kind": kind, **batch_row(options, model, kind)})
            show(rows[-1])
    summary = {}
    for name, chosen in {"one_thread": [r for r in rows if r.get("threads") == 1 and r["kind"] == "int8"], "two_threads": [r for r in rows if r.get("threads") == 2 and r["kind"] == "int8"],
                         "batch": [r for r in rows if "evaluation" in r], "float32": [r for r in rows if r["kind"] == "float32"]}.items():
        if chosen:
            summary[name] = {"geometric_mean": statistics.geometric_mean(r["litert_ratio"] for r in chosen), "least": min(r["litert_ratio"] for r in chosen)}
            print(f"{name}: geometric mean {summary[name]['geometric_mean']:.2f}, least {summary[name]['least']:.2f} (LiteRT's time over ours)")
    sample = ours(options, wanted[0][1], ARITHMETIC[wanted[0][0]], 1)
    record = {"bench": "compare_runtimes", "date": datetime.date.today().isoformat(), "cpu": sample["cpu"], "system": platform.platform(), "version": sample["version"], "isa": sample["isa"],
              "seconds": options.seconds, "rounds": options.rounds, "summary": summary, "rows": rows}
    if options.out:
        pathlib.Path(options.out).write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
