"""The data package read by an independent implementation of the standard."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from ketcli.evidence.schema import TABLES
from tests.evidence.examples import VALID, csv_bytes

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="module")
def frictionless() -> Any:
    """The reader, imported without the deprecation warnings of its own dependencies."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import frictionless as module
    return module


def _validate(frictionless: Any, descriptor: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return frictionless.validate(descriptor)


def test_package_is_valid_to_another_reader(frictionless: Any) -> None:
    """Types, enumerations, ranges, patterns, keys, links, sizes and hashes hold in another implementation."""
    report = _validate(frictionless, str(DATA / "datapackage.json"))
    errors = [(task.name, error.message) for task in report.tasks for error in task.errors]
    assert (report.valid, errors, len(report.tasks)) == (True, [], len(TABLES))


def test_other_reader_does_look(frictionless: Any, tmp_path: Path) -> None:
    """The agreement above means something: text in a number and an empty required cell are found."""
    package = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
    (resource,) = (r for r in package["resources"] if r["name"] == "biomarkers")
    del resource["bytes"], resource["hash"]
    package["resources"] = [resource]
    (tmp_path / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    rows = [{**VALID["biomarkers"][0], "n": "many"}, {**VALID["biomarkers"][0], "direction": ""}]
    (tmp_path / "biomarkers.csv").write_bytes(csv_bytes("biomarkers", rows))
    report = _validate(frictionless, str(tmp_path / "datapackage.json"))
    found = [(error.type, error.row_number) for error in report.tasks[0].errors]
    assert found == [("type-error", 2), ("constraint-error", 3)]
