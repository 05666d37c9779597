"""A single file of trials: read into the tables that every command understands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ketcli.errors import DataError
from ketcli.evidence.check import check_file
from ketcli.evidence.load import Evidence
from ketcli.evidence.tables.flat import FLAT_REQUIRED_COLUMNS

HEADER = ",".join(FLAT_REQUIRED_COLUMNS)


def opened(tmp_path: Path, *lines: str, header: str = HEADER) -> Evidence:
    file = tmp_path / "mine.csv"
    file.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return Evidence.open(str(file))


def filled(row: Any) -> dict[str, Any]:
    """The cells of a row that hold something."""
    return {name: cell for name, cell in row.items() if cell not in ("", None)}


def test_required_columns_suffice(tmp_path: Path) -> None:
    """Seven columns make a study, an arm and an outcome; what is not said stays not stated."""
    evidence = opened(tmp_path, "Ash 2010,ketamine,intravenous,response,1,7,10")
    assert evidence.names == ("studies", "arms", "outcomes")
    assert [filled(r) for r in evidence.rows("studies")] == [
        {"study_id": "Ash 2010", "label": "Ash 2010", "cohort_id": "Ash 2010"}
    ]
    assert [filled(r) for r in evidence.rows("arms")] == [
        {
            "study_id": "Ash 2010",
            "arm_id": "ketamine",
            "label": "ketamine intravenous",
            "drug": "ketamine",
            "role": "active",
            "route": "intravenous",
        }
    ]
    assert [filled(r) for r in evidence.rows("outcomes")] == [
        {
            "study_id": "Ash 2010",
            "arm_id": "ketamine",
            "outcome": "response",
            "time_days": 1.0,
            "time_anchor": "first-dose",
            "events": 7,
            "total": 10,
            "percent": 70.0,
            "events_derived": 0,
            "pool_rank": 1,
        }
    ]


def test_optional_columns_reach_their_tables(tmp_path: Path) -> None:
    """What a file does say is found in the study, the arm or the outcome it belongs to."""
    header = f"{HEADER},design,year,population,dose,regimen,course_days,scale,analysis_set,source_url"
    line = (
        "A,ketamine,intravenous,remission,14,3,9,open-label,2020,mdd,0.5,repeated,12,HDRS-17,mitt,"
        "https://example.org"
    )
    evidence = opened(tmp_path, line, header=header)
    (study,), (arm,), (outcome,) = (evidence.rows(n) for n in ("studies", "arms", "outcomes"))
    assert (study["design"], study["year"], study["population"]) == ("open-label", 2020, "mdd")
    assert (arm["dose"], arm["dose_unit"], arm["regimen"], arm["course_days"]) == (0.5, "mg/kg", "repeated", 12.0)
    assert (outcome["scale"], outcome["analysis_set"]) == ("HDRS-17", "mitt")
    assert study["source_url"] == arm["source_url"] == outcome["source_url"] == "https://example.org"


def test_default_roles(tmp_path: Path) -> None:
    """Study drugs are active; ECT beside ketamine is control, ECT alone is active; placebo is always control."""
    evidence = opened(
        tmp_path,
        "A,ketamine,intravenous,response,1,7,10",
        "A,ect,not-applicable,response,1,7,10",
        "B,ect,not-applicable,response,1,7,10",
        "B,placebo,oral,response,1,2,10",
    )
    roles = {(r["study_id"], r["drug"]): r["role"] for r in evidence.rows("arms")}
    assert roles == {
        ("A", "ketamine"): "active",
        ("A", "ect"): "control",
        ("B", "ect"): "active",
        ("B", "placebo"): "control",
    }


def test_stated_role_is_kept(tmp_path: Path) -> None:
    """A role that the file states is not overruled."""
    evidence = opened(tmp_path, "A,ketamine,oral,response,1,7,10,control", header=f"{HEADER},role")
    assert [r["role"] for r in evidence.rows("arms")] == ["control"]


def test_arms_are_told_apart_by_dose_and_route(tmp_path: Path) -> None:
    """Two doses are two arms, two times of one dose one arm; arm names are unique within a study."""
    evidence = opened(
        tmp_path,
        "A,esketamine,intranasal,response,1,7,10,56",
        "A,esketamine,intranasal,response,28,8,10,56",
        "A,esketamine,intranasal,response,1,7,10,84",
        "A,esketamine,intravenous,response,1,7,10,56",
        header=f"{HEADER},dose",
    )
    assert [(r["arm_id"], r["route"], r["dose_unit"]) for r in evidence.rows("arms")] == [
        ("esketamine-56", "intranasal", "mg"),
        ("esketamine-84", "intranasal", "mg"),
        ("esketamine-56-2", "intravenous", "mg"),
    ]
    assert [r["arm_id"] for r in evidence.rows("outcomes")] == [
        "esketamine-56",
        "esketamine-56",
        "esketamine-84",
        "esketamine-56-2",
    ]


def test_rows_of_one_time_are_ranked(tmp_path: Path) -> None:
    """Several scales or analysis sets of one time are ranked by the written rule, so one is the first choice."""
    evidence = opened(
        tmp_path,
        "A,ketamine,oral,response,1,7,10,PHQ-9,itt",
        "A,ketamine,oral,response,1,7,10,MADRS,observed",
        "A,ketamine,oral,response,1,7,10,MADRS,itt",
        "A,ketamine,oral,response,7,7,10,PHQ-9,itt",
        header=f"{HEADER},scale,analysis_set",
    )
    assert [r["pool_rank"] for r in evidence.rows("outcomes")] == [3, 2, 1, 1]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("A,ketamne,oral,response,1,7,10", "unknown-code"),
        ("A,ketamine,oral,response,1,11,10", "events-over-total"),
        ("A,ketamine,oral,response,1,0,0", "out-of-range"),
        ("A,ketamine,oral,response,1,,10", "missing-value"),
        ("A,ketamine,oral,response,-1,7,10", "out-of-range"),
        (",ketamine,oral,response,1,7,10", "missing-value"),
        ("A,ketamine,oral,response,1,7", "ragged-row"),
    ],
)
def test_faulty_rows_are_refused(line: str, code: str, tmp_path: Path) -> None:
    """Nothing is computed from a file with a faulty row; `ket check` finds the same problem."""
    with pytest.raises(DataError) as caught:
        opened(tmp_path, line)
    assert [(p.code, p.line) for p in caught.value.problems] == [(code, 2)]
    assert [p.code for p in check_file(tmp_path / "mine.csv")] == [code]


def test_same_row_twice_is_refused(tmp_path: Path) -> None:
    """The same arm, outcome and time twice would count people twice."""
    with pytest.raises(DataError) as caught:
        opened(tmp_path, *["A,ketamine,oral,response,1,7,10"] * 2)
    assert [(p.code, p.line) for p in caught.value.problems] == [("duplicate-key", 3)]


def test_missing_column_is_named(tmp_path: Path) -> None:
    """A file without `total` is refused by naming the column, once."""
    with pytest.raises(DataError) as caught:
        opened(tmp_path, "A,ketamine,oral,response,1,7", header=HEADER.removesuffix(",total"))
    assert [(p.code, p.column) for p in caught.value.problems] == [("missing-column", "total")]


def test_order_of_rows_is_free(tmp_path: Path) -> None:
    """People keep their files in their own order: no warning about sorting a flat file."""
    opened(tmp_path, "B,ketamine,oral,response,1,7,10", "A,ketamine,oral,response,1,7,10")
    assert check_file(tmp_path / "mine.csv") == []
