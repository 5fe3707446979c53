#!/usr/bin/env python3
"""audit's documents against the official schemas: SARIF 2.1.0 (OASIS) and the JUnit XML of Ant's task; one test case per check; what
--fail-on makes of problems and doubts; hostile text in labels.

Usage: audit_forms_test.py WORK_FOLDER
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness

try:
    import jsonschema
    import numpy as np
    from lxml import etree
except ImportError as missing:
    harness.skip(f"{missing}; run scripts/setup --tests for the oracle packages")

SCHEMAS = harness.ROOT / "third_party"


def predictions(folder, right):
    """200 images of ten classes, `right` of them right."""
    labels = np.arange(200, dtype=np.int64) % 10
    answers = np.where(np.arange(200) < right, labels, (labels + 3) % 10)
    np.save(folder / "labels.npy", labels)
    np.save(folder / "net.npy", answers)
    return ["--predictions", folder / "net.npy", "--labels", folder / "labels.npy"]


def check_sarif(document):
    schema = json.loads((SCHEMAS / "sarif_schema/sarif-schema-2.1.0.json").read_text())
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(document)
    run = document["runs"][0]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    return [(result["ruleId"], result["level"]) for result in run["results"]]


def check_junit(text):
    schema = etree.XMLSchema(etree.parse(str(SCHEMAS / "junit_schema/JUnit.xsd")))
    tree = etree.fromstring(text.encode())
    schema.assertValid(tree)
    cases = tree.findall(".//testcase")
    suite = tree.find("testsuite")
    assert len(cases) == int(suite.get("tests"))
    assert len(tree.findall(".//failure")) == int(suite.get("failures"))
    assert len(tree.findall(".//skipped")) == int(suite.get("skipped"))
    return cases


def audit(folder, material, claimed):
    forms = {name: folder / f"audit.{name}" for name in ("json", "sarif", "junit")}
    flags = [argument for name, path in forms.items() for argument in (f"--{name}", path)]
    harness.run("audit", *material, "--claimed", claimed, *flags)
    record = json.loads(forms["json"].read_text())
    sarif = check_sarif(json.loads(forms["sarif"].read_text()))
    cases = check_junit(forms["junit"].read_text())
    assert len(cases) == len({finding["check"] for finding in record["findings"]})
    strong = [finding for finding in record["findings"] if finding["verdict"] in ("problem", "doubt")]
    for finding in strong:  # both stand in one line of SARIF and JUnit
        assert all(text[-1] == "." and not text[0].islower() for text in (finding["summary"], finding["advice"]) if text[0].isalpha()), finding
    levels = {"problem": "error", "doubt": "warning"}
    assert sarif == [(finding["check"], levels[finding["verdict"]]) for finding in strong]
    failed = {case.get("classname").removeprefix("liteqat.") + "." + case.get("name") for case in cases if case.find("failure") is not None}
    assert failed == {finding["check"] for finding in strong if finding["verdict"] == "problem"}
    return {finding["verdict"] for finding in strong}


def main():
    folder = pathlib.Path(sys.argv[1]) / "audit_forms"
    folder.mkdir(parents=True, exist_ok=True)
    material = predictions(folder, 160)
    # 2000 - 2 * 40 of 2000 elements are equal: the one-hot comparison prints 0.96.
    hostile = 'net <&"\'> ]]> test accuracy: 0.9600'
    assert "problem" in audit(folder, material, hostile)
    claims = {"problem": "net test accuracy: 0.9600", "clear": "net test accuracy: 0.8"}
    assert "problem" in audit(folder, material, claims["problem"])
    assert "problem" not in audit(folder, material, claims["clear"])
    assert "problem" in audit(folder, material, "accuracy: 0.8012")  # of 200 images: impossible
    harness.run("audit", *material, "--claimed", claims["problem"])
    harness.run("audit", *material, "--claimed", claims["problem"], "--fail-on", "problem", expect=1)
    harness.run("audit", *material, "--claimed", claims["problem"], "--fail-on", "doubt", expect=1)
    harness.run("audit", *material, "--claimed", claims["clear"], "--fail-on", "problem")
    # Two digits: the one-hot reading cannot be more than a doubt.
    doubted = ["--claimed", "net test accuracy: 0.96"]
    harness.run("audit", *material, *doubted, "--fail-on", "problem", expect=0 if "problem" not in audit(folder, material, doubted[1]) else 1)
    harness.run("audit", *material, *doubted, "--fail-on", "doubt", expect=1)
    _, message = harness.run("audit", *material, "--fail-on", "never", expect=2)
    assert "never" in message, message
    print("SARIF and JUnit XML are valid; --fail-on keeps its word")


main()
