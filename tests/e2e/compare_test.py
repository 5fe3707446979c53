#!/usr/bin/env python3
"""`liteqat compare` on files that NumPy writes, and on the founding case's predictions. Usage: compare_test.py WORK_FOLDER"""
import json
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from harness import SHARED, run, skip

try:
    import numpy as np
except ImportError:
    skip("NumPy is missing; run scripts/setup --tests")

WORK = pathlib.Path(sys.argv[1]) / "compare"


def compare(*arguments):
    return json.loads(run("compare", *arguments, "--json", "-", "-q")[0])


def check_formats():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 5, 400)
    scores = rng.normal(size=(400, 5))
    scores[np.arange(400), labels] += 1.5
    a, b = scores.argmax(1), (scores + rng.normal(size=scores.shape)).argmax(1)
    right_a, right_b = a == labels, b == labels
    forms = {}
    for dtype in ("i1", "u1", "i2", "i4", "i8", "u8", "f4", "f8", "f2"):
        forms[dtype] = WORK / f"a_{dtype}.npy"
        np.save(forms[dtype], a.astype(dtype))
    for dtype in ("f4", "f8"):
        forms["scores_" + dtype] = WORK / f"scores_{dtype}.npy"
        np.save(forms["scores_" + dtype], scores.astype(dtype))
    np.savez(WORK / "plain.npz", a=a, other=b)
    np.savez_compressed(WORK / "packed.npz", a=a[:, None])
    forms["npz"], forms["npz_packed"] = f"{WORK}/plain.npz:a", WORK / "packed.npz"
    np.savetxt(WORK / "a.csv", a, fmt="%d", header="prediction", comments="")
    np.savetxt(WORK / "scores.csv", scores, delimiter=",")
    forms["csv"], forms["csv_scores"] = WORK / "a.csv", WORK / "scores.csv"
    indexed = [f"{i},{','.join(map(repr, row))}" for i, row in enumerate(scores.tolist())]  # as pandas writes
    (WORK / "indexed.csv").write_text("\n".join([",0,1,2,3,4", *indexed]) + "\n")
    (WORK / "german.csv").write_text("\n".join(";".join(map(repr, row)).replace(".", ",") for row in scores.tolist()) + "\n")
    forms["csv_indexed"], forms["csv_german"] = WORK / "indexed.csv", WORK / "german.csv"
    np.save(WORK / "labels.npy", labels[:, None])
    np.save(WORK / "one_hot.npy", np.eye(5)[labels])
    for name, path in forms.items():
        for label_file in ("labels.npy", "one_hot.npy"):
            record = compare(path, f"{WORK}/plain.npz:other", "--labels", WORK / label_file)
            assert record["schema"] == "liteqat/compare/1" and record["total"] == 400, name
            assert record["agreement"] == int((a == b).sum()), name
            assert record["a"]["correct"] == int(right_a.sum()) and record["b"]["correct"] == int(right_b.sum()), name
            assert record["both_right"] == int((right_a & right_b).sum()), name
            assert record["only_a"] == int((right_a & ~right_b).sum()) and record["only_b"] == int((~right_a & right_b).sum()), name
            assert record["both_wrong"] == int((~right_a & ~right_b).sum()), name
    unlabelled = compare(forms["i8"], forms["csv"])
    assert unlabelled["agreement"] == 400 and unlabelled["a"]["correct"] is None and unlabelled["mcnemar"] is None


def expect_error(text, *arguments, code=3):
    message = run("compare", *arguments, expect=code)[1]
    assert text in message, f"{text!r} is not in {message!r}"


def check_errors():
    np.save(WORK / "three.npy", np.array([0, 1, 2]))
    np.save(WORK / "four.npy", np.array([0, 1, 2, 1]))
    np.save(WORK / "nan.npy", np.array([[0.0, np.nan], [1, 0], [1, 0]], "f4"))
    np.save(WORK / "infinite.npy", np.array([[0.0, -np.inf], [1, 0], [0, 1]], "f4"))
    np.save(WORK / "five_classes.npy", np.zeros((3, 5), "f4"))
    np.save(WORK / "cube.npy", np.zeros((3, 5, 2), "f4"))
    np.save(WORK / "half.npy", np.array([0.5, 1, 2]))
    (WORK / "bad.csv").write_text("class\n1\nx\n2\n")
    expect_error("3 images", WORK / "three.npy", WORK / "four.npy")
    expect_error("NaN", WORK / "three.npy", WORK / "nan.npy")
    expect_error("2 scores", WORK / "infinite.npy", WORK / "five_classes.npy")
    expect_error("(3,5,2)", WORK / "three.npy", WORK / "cube.npy")
    expect_error("0.5", WORK / "three.npy", WORK / "half.npy")
    expect_error("line 3", WORK / "three.npy", WORK / "bad.csv")
    expect_error("4 labels", WORK / "three.npy", WORK / "three.npy", "--labels", WORK / "four.npy")
    expect_error("no array 'x'", f"{WORK}/plain.npz:x", WORK / "three.npy")
    expect_error("name one", WORK / "plain.npz", WORK / "three.npy", code=2)
    expect_error("--data", WORK / "three.npy", "model.tflite", code=2)
    expect_error("No such file", WORK / "three.npy", WORK / "absent.npy")
    assert compare(WORK / "infinite.npy", WORK / "infinite.npy")["agreement"] == 3
    run("compare", WORK / "three.npy", WORK / "three.npy", "--fail-on", "doubt", expect=1)
    run("compare", WORK / "three.npy", WORK / "three.npy", "--fail-on", "problem")


def check_founding_case():
    """The figures of the public re-run: float 6,434, QAT 6,902, int8 6,907 of 10,000; discordant 1,038/1,506 and 80/85; 231 differ."""
    predictions = SHARED / "models/case_study_predictions.npz"
    if not predictions.exists():
        skip(f"{predictions} is missing")
    record = compare(f"{predictions}:float", f"{predictions}:qat", f"{predictions}:qat_int8", "--labels", f"{predictions}:labels")
    first, _, last = record["comparisons"]
    assert (first["a"]["correct"], first["b"]["correct"], last["b"]["correct"]) == (6434, 6902, 6907)
    assert (first["only_a"], first["only_b"]) == (1038, 1506)
    assert (last["only_a"], last["only_b"]) == (80, 85)
    assert last["total"] - last["agreement"] == 231
    assert first["mcnemar"]["p_exact"] < 1e-19 and last["mcnemar"]["p_exact"] > 0.7


shutil.rmtree(WORK, ignore_errors=True)
WORK.mkdir(parents=True)
check_formats()
check_errors()
check_founding_case()
print("ok")
