"""The schema: it matches the shipped files, explains itself, and costs nothing to import."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ketcli.evidence import codes, regimens
from ketcli.evidence.fields import Field, Table
from ketcli.evidence.schema import EVIDENCE_LISTS, TABLES
from ketcli.evidence.tables.flat import FLAT, FLAT_REQUIRED_COLUMNS

DATA = Path(__file__).resolve().parents[2] / "data"
EVERY_TABLE = [*TABLES.values(), FLAT]
EVERY_FIELD = [(table, field) for table in EVERY_TABLE for field in table.fields]


def test_each_shipped_file_is_described() -> None:
    """No table lies in the folder unknown to the program, and none that is described is missing."""
    assert {file.stem for file in DATA.glob("*.csv")} == set(TABLES)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda t: t.name)
def test_columns_stand_in_file_order(table: Table) -> None:
    """The schema lists the columns of the shipped file, all of them, in the same order."""
    with (DATA / f"{table.name}.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == list(table.columns)


@pytest.mark.parametrize("table", EVERY_TABLE, ids=lambda t: t.name)
def test_keys_and_links_name_columns(table: Table) -> None:
    """Keys are columns of the table; foreign keys lead from its columns to the key of the other table."""
    assert set(table.key) <= set(table.columns)
    assert len(set(table.columns)) == len(table.columns)
    for link in table.foreign_keys:
        assert set(link.fields) <= set(table.columns)
        assert set(link.reference) <= set(TABLES[link.table].columns)
        assert len(link.fields) == len(link.reference)


def test_evidence_lists_are_columns() -> None:
    """Columns that list studies and reviews exist."""
    assert all(column in TABLES[name].columns for name, column in EVIDENCE_LISTS)


@pytest.mark.parametrize(("table", "field"), EVERY_FIELD, ids=lambda x: x.name)
def test_field_explains_itself(table: Table, field: Field) -> None:
    """Each column has a meaning; codes have meanings; a code column has codes and no other column has."""
    assert field.description, table.name
    assert (field.type == "code") == (field.codes is not None)
    assert all(field.codes.values()) if field.codes else True
    assert "" not in (field.codes or {})
    re.compile(field.pattern)
    assert not field.required or field.minimum is None or field.numeric


def test_shipped_scales_have_meanings() -> None:
    """Scales are an open list for readers' own data; those we ship are explained and spelt one way."""
    used = set()
    for name in ("outcomes", "scores"):
        with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            used |= {row["scale"] for row in csv.DictReader(file)}
    assert used - {""} <= set(codes.SCALES)


def test_every_arm_regimen_is_classified() -> None:
    """The regimens that arms are coded with are those that the summaries tell apart."""
    classified = {
        regimens.classify("ketamine", "intravenous", code, "add-on", "rct-parallel") for code in codes.REGIMENS
    }
    assert classified - {""} <= set(regimens.REGIMENS)


def test_flat_layout_requires_what_a_rate_needs() -> None:
    """The single-file layout asks for the columns it is documented with, and has them."""
    assert set(FLAT_REQUIRED_COLUMNS) <= set(FLAT.columns)


def test_schema_imports_the_standard_library_alone() -> None:
    """Completion and help read the schema; pandas, numpy or pydantic would make them slow."""
    program = "import sys; import ketcli.evidence.schema; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    foreign = {"pandas", "numpy", "pydantic", "scipy", "rich", "typer"}
    assert foreign.isdisjoint(run.stdout.split())
