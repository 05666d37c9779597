"""What changed between two versions: every row and cell, and the pooled numbers by how much they moved."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.command import ket

OLD = """study,drug,route,outcome,time_days,events,total,scale
Ash,ketamine,intravenous,response,1,7,10,MADRS
Elm,ketamine,intravenous,response,1,5,10,MADRS
Oak,ketamine,intravenous,response,1,6,12,MADRS
Yew,esketamine,intranasal,response,28,9,20,MADRS
"""
NEW = OLD.replace("Elm,ketamine,intravenous,response,1,5,10", "Elm,ketamine,intravenous,response,1,9,10").replace(
    "Yew,esketamine,intranasal,response,28,9,20,MADRS\n", "Fir,ketamine,oral,response,7,3,9,\n"
)


@pytest.fixture
def answer(tmp_path: Path) -> dict[str, Any]:
    """The difference between two files of trials, as JSON."""
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text(OLD)
    new.write_text(NEW)
    result = ket("data", "diff", str(old), str(new), "--json")
    assert result.code == 0, result.err
    return dict(json.loads(result.out))


def rows(answer: dict[str, Any], **wanted: object) -> list[dict[str, Any]]:
    return [row for row in answer["rows"] if all(row[name] == value for name, value in wanted.items())]


def test_changed_cells_are_told_one_by_one(answer: dict[str, Any]) -> None:
    """A changed count shows with its row, column, old and new value; what follows from it too."""
    changed = rows(answer, kind="changed", table="outcomes")
    assert [(r["study_id"], r["column"], r["before"], r["after"]) for r in changed] == [
        ("Elm", "events", "5", "9"),
        ("Elm", "percent", "50", "90"),
    ]


def test_rows_that_came_and_went(answer: dict[str, Any]) -> None:
    """Whole rows are told with what they hold, in every table they belong to."""
    assert [(r["table"], r["study_id"]) for r in rows(answer, kind="added")] == [
        ("studies", "Fir"),
        ("arms", "Fir"),
        ("outcomes", "Fir"),
    ]
    assert [(r["table"], r["study_id"]) for r in rows(answer, kind="removed")] == [
        ("studies", "Yew"),
        ("arms", "Yew"),
        ("outcomes", "Yew"),
    ]
    (fir,) = rows(answer, kind="added", table="outcomes")
    assert "events 3, total 9" in fir["after"]
    assert fir["before"] is None or fir["before"] == ""


def test_pooled_numbers_that_moved(answer: dict[str, Any], tmp_path: Path) -> None:
    """Before and after are the pooled lines that `ket rates` gives for each file, the change their difference."""
    (moved,) = rows(answer, kind="moved")
    for side in ("before", "after"):
        name = "old" if side == "before" else "new"
        report = json.loads(ket("rates", "--data", str(tmp_path / f"{name}.csv"), "--json").out)
        (pooled,) = (row for row in report["rows"] if row["kind"] == "pooled")
        assert [moved[f"{n}_{side}"] for n in ("rate", "low", "high", "k", "events", "total")] == [
            pooled[n] for n in ("rate", "ci_low", "ci_high", "k", "events", "total")
        ]
    assert moved["change"] == moved["rate_after"] - moved["rate_before"]
    assert moved["change"] > 0.05


def test_groups_that_came_and_went(answer: dict[str, Any]) -> None:
    """A group of a single study counts as that study's rate: it can come and go too."""
    (new,) = rows(answer, kind="pool-new")
    assert (new["k_after"], new["events_after"], new["rate_before"]) == (1, 3, None)
    (gone,) = rows(answer, kind="pool-gone")
    assert (gone["k_before"], gone["events_before"], gone["rate_after"]) == (1, 9, None)


def test_people_see_the_move(tmp_path: Path) -> None:
    """The table says how far the number moved, in points, and counts the changes."""
    (tmp_path / "old.csv").write_text(OLD)
    (tmp_path / "new.csv").write_text(NEW)
    out = ket("data", "diff", str(tmp_path / "old.csv"), str(tmp_path / "new.csv"), "--format", "table").out
    assert "Rows: 3 added, 3 removed, 2 changed" in out
    assert "Pooled numbers: 1 moved, 1 new, 1 gone, 0 as before" in out
    assert "points" in out


def test_nothing_changed(tmp_path: Path) -> None:
    """The same data in another order, in a folder and without its README: no difference."""
    folder, copy = tmp_path / "a", tmp_path / "b"
    ket("data", "new", str(folder))
    shutil.copytree(folder, copy)
    (copy / "README.md").unlink()
    file = copy / "outcomes.csv"
    head, *lines = file.read_text().splitlines(keepends=True)
    file.write_text(head + "".join(reversed(lines)))
    result = json.loads(ket("data", "diff", str(folder), str(copy), "--json").out)
    assert result["rows"] == []
    assert "No difference." in ket("data", "diff", str(folder), str(copy), "--format", "table").out


def test_second_may_be_the_bundled_data() -> None:
    """One argument asks what the bundled data have that it has not."""
    shown = ket("data", "path").out.strip()
    result = json.loads(ket("data", "diff", shown, "--json").out)
    assert result["rows"] == []


def test_filters_limit_the_pooled_numbers(tmp_path: Path) -> None:
    """A filter chooses which pooled numbers are watched; rows are all told."""
    (tmp_path / "old.csv").write_text(OLD)
    (tmp_path / "new.csv").write_text(NEW)
    arguments = ("data", "diff", str(tmp_path / "old.csv"), str(tmp_path / "new.csv"), "--json")
    limited = json.loads(ket(*arguments, "--outcome", "remission").out)
    assert not [row for row in limited["rows"] if row["table"] in (None, "")]
    assert len(rows(limited, kind="changed")) == 2
    assert ket(*arguments, "--data", str(tmp_path)).code == 2
