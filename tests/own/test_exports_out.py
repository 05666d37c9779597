"""The data for other programs: the same numbers in metafor's, Metapsy's, a spreadsheet's and a database's form."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import warnings
from pathlib import Path
from typing import Any

import pytest

from ketcli.evidence.check import check_folder
from ketcli.evidence.load import Evidence
from ketcli.evidence.schema import TABLES
from tests.command import Result, ket


def rows(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


def pooled(result: Result, **wanted: str) -> dict[str, str]:
    """The pooled row of a CSV answer that has these values."""
    assert result.code == 0, result.err
    found = [r for r in rows(result.out) if r["kind"] == "pooled" and all(r[k] == v for k, v in wanted.items())]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A starter folder."""
    folder = tmp_path / "mine"
    ket("data", "new", str(folder))
    return folder


def test_metafor_tables_add_up() -> None:
    """Events and non-events make the total in every row, and every row names its study and source."""
    out = ket("data", "export", "--to", "metafor").out
    found = rows(out)
    assert len(found) >= 10
    for row in found:
        a, b, n1, c, d, n2 = (int(row[name]) for name in ("ai", "bi", "n1i", "ci", "di", "n2i"))
        assert (a + b, c + d) == (n1, n2)
        assert row["study_id"]
        assert row["source_url"].startswith("http")


def test_metafor_tables_pool_to_the_number_of_the_comparison(tmp_path: Path) -> None:
    """The exported counts of one kind give the pooled risk ratio that `ket compare` prints."""
    compared = ket("compare", "ketamine", "midazolam", "--population", "all", "--outcome", "response", "--csv")
    block = next(r for r in rows(compared.out) if r["kind"] == "pooled" and r["evidence"] == "randomised")
    out = ket("data", "export", "--to", "metafor", "--population", "all", "--outcome", "response").out
    kept = [r for r in rows(out) if (r["treatment"], r["control"]) == (block["first"], block["second"])]
    kept = [r for r in kept if r["regimen"] == block["regimen"]]
    assert len(kept) == int(block["k"])
    file = tmp_path / "pool.csv"
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(kept[0]))
        writer.writeheader()
        writer.writerows(kept)
    again = pooled(ket("pool", str(file), "--measure", "RR", "--csv"), model="random")
    assert float(again["estimate"]) == pytest.approx(float(block["rr"]), rel=1e-9)


def test_metapsy_keeps_its_standard(mine: Path) -> None:
    """Semicolons, decimal commas, NA, the standard's columns first, no semicolon inside a cell."""
    out = ket("data", "export", "--to", "metapsy", "--data", str(mine)).out
    found = rows(out, ";")
    assert out.splitlines()[0].startswith("study;condition_arm1;condition_arm2;multi_arm1;multi_arm2;outcome_type;")
    counts = [
        (r["study"], r["condition_arm1"], r["condition_arm2"], r["event_arm1"], r["totaln_arm2"]) for r in found
    ]
    assert counts[:2] == [
        ("Example A", "ketamine", "midazolam", "22", "20"),
        ("Example B", "esketamine", "placebo", "61", "100"),
    ]
    means = found[2]
    assert (means["outcome_type"], means["mean_change_arm1"], means["sd_change_arm1"]) == ("msd", "-16,4", "9,8")
    assert (means["mean_arm1"], means["rating"], means["time_weeks"]) == ("NA", "clinician", "0,14285714285714285")


def test_metapsy_is_read_back(mine: Path, tmp_path: Path) -> None:
    """What is exported comes back as the same counts, times and treatments."""
    file = tmp_path / "out.csv"
    assert ket("data", "export", "--to", "metapsy", "--data", str(mine), "-o", str(file)).code == 0

    def counts(data: str) -> list[list[str]]:
        names = ("drug", "route", "outcome", "events", "total", "control_drug", "control_events", "control_total")
        out = ket("rates", "--data", data, "--outcome", "response", "--csv").out
        return sorted([r[name] for name in names] for r in rows(out) if r["kind"] == "study")

    assert counts(f"{file}#response") == counts(str(mine))


def test_database_holds_every_cell(tmp_path: Path, shipped: Evidence) -> None:
    """Every table in SQLite with its types, missing values NULL, and references that lead somewhere."""
    file = tmp_path / "ket.sqlite"
    assert ket("data", "export", "-o", str(file)).code == 0
    with sqlite3.connect(file) as connection:
        assert connection.execute("pragma foreign_key_check").fetchall() == []
        for name, table in TABLES.items():
            got = connection.execute(f"select * from {name}").fetchall()
            expected = [
                tuple(None if row[c] == "" else row[c] for c in table.columns) for row in shipped.rows(name)
            ]
            assert got == expected
        described = connection.execute("select unit from columns where [column] = 'time_days'").fetchall()
    assert ("days",) in described


def test_package_of_a_folder_is_the_folder(mine: Path, tmp_path: Path) -> None:
    """Tables that are in order are exported as they are, with a descriptor that another reader accepts."""
    out = tmp_path / "out"
    assert ket("data", "export", "--to", "package", "--data", str(mine), "-o", str(out)).code == 0
    assert check_folder(out) == []
    for file in out.glob("*.csv"):
        assert file.read_bytes() == (mine / file.name).read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import frictionless

        assert frictionless.validate(str(out / "datapackage.json")).valid


def test_package_of_the_bundled_data_keeps_every_rule(tmp_path: Path) -> None:
    """The bundled tables leave as they are."""
    out = tmp_path / "out"
    assert ket("data", "export", "--to", "package", "-o", str(out)).code == 0
    assert [str(p) for p in check_folder(out)] == []


def test_package_of_a_flat_file_says_what_is_to_fill_in(tmp_path: Path) -> None:
    """A short file makes tables; names become identifiers, and what the tables still need is told."""
    file, out = tmp_path / "mine.csv", tmp_path / "out"
    file.write_text("study,drug,outcome,day,events,total\nMüller 2001,ketamine,response,1,9,18\n", encoding="utf-8")
    result = ket("data", "export", "--to", "package", "--data", str(file), "-o", str(out))
    assert result.code == 0
    assert "studies.design" in result.err
    assert rows((out / "studies.csv").read_text(encoding="utf-8"))[0]["study_id"] == "muller-2001"
    assert {p.code for p in check_folder(out)} <= {"missing-value", "no-source", "regimen-mismatch"}


def test_workbook_holds_every_table(tmp_path: Path, mine: Path) -> None:
    """A sheet per table; text that begins like a formula stays text."""
    openpyxl = pytest.importorskip("openpyxl")
    studies = mine / "studies.csv"
    # put there behind the rules' back, as a file could be that nobody checked
    evidence = Evidence.open(str(mine))
    evidence.rows("studies")[0]["label"] = "=1+1"  # type: ignore[index]
    from ketcli.exports.tables import workbook

    book = openpyxl.load_workbook(io.BytesIO(workbook(evidence)))
    assert book.sheetnames == [*evidence.names, "columns"]
    cell = book["studies"]["B2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    assert [c.value for c in book["outcomes"][1]] == list(TABLES["outcomes"].columns)
    assert book["outcomes"].max_row == len(evidence.rows("outcomes")) + 1
    assert studies.read_text().count("=1+1") == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("data", "export"), "which-export"),
        (("data", "export", "-o", "x.csv"), "which-export"),
        (("data", "export", "--to", "stata"), "unknown-value"),
        (("data", "export", "--to", "sqlite"), "no-output"),
        (("data", "export", "--to", "package", "-o", "-"), "no-output"),
        (("data", "export", "--to", "sqlite", "--drug", "ketamine", "-o", "x.sqlite"), "option-without-effect"),
    ],
)
def test_what_is_not_clear_is_asked(arguments: tuple[str, ...], code: str) -> None:
    """A missing form, a binary to the terminal, a filter that would not filter: usage errors, nothing written."""
    result = ket(*arguments)
    assert (result.code, result.out) == (2, "")
    assert f"[{code}]" in result.err
    assert not Path("x.sqlite").exists()


def test_notes_can_be_left_out(mine: Path) -> None:
    """Notes go to standard error, and -q leaves them out."""
    loud = ket("data", "export", "--to", "metafor", "--data", str(mine))
    assert "made-up" in loud.err
    assert "escalc" in loud.err
    assert ket("data", "export", "--to", "metafor", "--data", str(mine), "-q").err == ""


def test_descriptor_names_own_data_as_own(mine: Path, tmp_path: Path) -> None:
    """A package of somebody's own trials does not carry the title and licence of the bundled data."""
    out = tmp_path / "out"
    ket("data", "export", "--to", "package", "--data", str(mine), "-o", str(out))
    about: dict[str, Any] = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))
    assert about["name"] == "my-trials"
    assert "licenses" not in about
