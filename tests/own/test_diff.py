"""What changed between two versions: every row and cell, and the pooled numbers by how much they moved."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ketcli.evidence.load import Evidence
from ketcli.render import table
from ketcli.selection.filters import Filters
from ketcli.summaries.differences import differences
from ketcli.summaries.differences.lines import Line
from ketcli.summaries.differences.moves import matched
from ketcli.summaries.pooling import Settings
from tests.command import ket
from tests.render.fixtures import terminal

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
    (moved,) = rows(answer, kind="moved", command="ket rates")
    for side in ("before", "after"):
        name = "old" if side == "before" else "new"
        report = json.loads(ket("rates", "--data", str(tmp_path / f"{name}.csv"), "--json").out)
        (pooled,) = (row for row in report["rows"] if row["kind"] == "pooled")
        assert [moved[f"{n}_{side}"] for n in ("estimate", "low", "high", "k", "events", "total")] == [
            pooled[n] for n in ("rate", "ci_low", "ci_high", "k", "events", "total")
        ]
    assert moved["change"] == moved["estimate_after"] - moved["estimate_before"]
    assert moved["change"] > 0.05


def test_groups_that_came_and_went(answer: dict[str, Any]) -> None:
    """A group of a single study counts as that study's rate: it can come and go too."""
    (new,) = rows(answer, kind="pool-new", command="ket rates")
    assert (new["k_after"], new["events_after"], new["estimate_before"]) == (1, 3, None)
    (gone,) = rows(answer, kind="pool-gone", command="ket rates")
    assert (gone["k_before"], gone["events_before"], gone["estimate_after"]) == (1, 9, None)


def test_people_see_the_move(tmp_path: Path) -> None:
    """The table counts the changes, names who came and went, and says how far each number moved, with its k."""
    (tmp_path / "old.csv").write_text(OLD)
    (tmp_path / "new.csv").write_text(NEW)
    out = ket("data", "diff", str(tmp_path / "old.csv"), str(tmp_path / "new.csv"), "--format", "table").out
    assert "Rows: 3 added, 3 removed, 2 changed" in out
    assert "Pooled numbers: 2 moved, 2 new, 2 gone, 0 as before" in out
    assert "Studies: 4 before, 4 after; added: Fir; removed: Yew" in out
    assert "points" in out
    assert " k  Change" in out


def test_studies_before_and_after_are_never_squeezed_out() -> None:
    """Long words in every other column of a narrow table break; how many studies a line had stays on the screen."""
    words = {f"shown_{name}": "intranasal-esketamine-twice" for name in ("key", "before", "after", "change")}
    shown = differences(Evidence.open(None), Evidence.open(None), Filters(), Settings(), ("a", "b"))
    row = {"kind": "moved", "block": "ket rates", **words, "shown_k": "3 to 4"}
    assert "3 to 4" in table.render(replace(shown, rows=(row,)), terminal(80))


# the bundled data against edited copies


def edited(folder: Path, change: Callable[[str, list[str], list[str]], list[str] | None]) -> Path:
    """A copy of the bundled data; `change` gets table, header and row, and returns the row or None to drop it."""
    shown = Path(ket("data", "path").out.strip())
    shutil.copytree(shown, folder)
    for file in folder.glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as stream:
            header, *lines = csv.reader(stream)
        kept = [row for row in (change(file.stem, header, line) for line in lines) if row is not None]
        with file.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows([header, *kept])
    return folder


def against(folder: Path, *options: str) -> dict[str, Any]:
    """The difference from the bundled data to a folder."""
    result = ket("data", "diff", ket("data", "path").out.strip(), str(folder), "--json", *options)
    assert result.code == 0, result.err
    return dict(json.loads(result.out))


def without_transform_1(table: str, header: list[str], row: list[str]) -> list[str] | None:
    """Leave one trial out of every table, and of every list of studies."""
    if "study_id" in header and row[header.index("study_id")] == "fedgchin-2019":
        return None
    for name in ("reuses", "evidence_ids"):
        if name in header:
            words = row[header.index(name)].split(" ")
            row[header.index(name)] = " ".join(word for word in words if word != "fedgchin-2019")
    return row


@pytest.fixture(scope="module")
def removed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The bundled data without one trial, and the difference."""
    folder = edited(tmp_path_factory.mktemp("removed") / "data", without_transform_1)
    return folder, against(folder)


COMPARED = ("compare", "esketamine", "placebo")


def test_every_command_is_watched(removed: tuple[Path, dict[str, Any]]) -> None:
    """A trial left out moves rates, the course over time, comparisons and side effects, each line once."""
    moved = rows(removed[1], kind="moved")
    assert {row["command"] for row in moved} == {"ket rates", "ket timeline", "ket compare", "ket side-effects"}
    lines = [(row["command"], row["key"], row["measure"]) for row in moved]
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize("side", ["before", "after"])
def test_comparisons_are_those_of_compare(side: str, removed: tuple[Path, dict[str, Any]]) -> None:
    """The pooled ratios are the digits that `ket compare` prints for each dataset."""
    folder, answer = removed
    data = ("--data", str(folder)) if side == "after" else ()
    report = json.loads(ket(*COMPARED, *data, "--json").out)
    printed = {
        (row["rr"], row["rr_low"], row["rr_high"], row["k"], row["events"], row["control_total"])
        for row in report["rows"]
        if row["kind"] == "pooled"
    }
    names = ("estimate", "low", "high", "k", "events", "control_total")
    told = {
        tuple(row[f"{n}_{side}"] for n in names)
        for row in rows(answer, kind="moved", command="ket compare", measure="rr")
    }
    assert len(told) == 2
    assert told <= printed


@pytest.mark.parametrize("measure", ["rd", "rr"])
def test_side_effects_are_those_of_side_effects(measure: str, removed: tuple[Path, dict[str, Any]]) -> None:
    """Difference and ratio of dissociation are the digits of `ket side-effects`, before and after."""
    folder, answer = removed
    (told,) = (
        row
        for row in rows(answer, kind="moved", command="ket side-effects", measure=measure)
        if row["key"] == "Intranasal esketamine, acute course, v placebo: Dissociation"
    )
    for side, data in (("before", ()), ("after", ("--data", str(folder)))):
        report = json.loads(ket("side-effects", "--event", "dissociation", *data, "--json").out)
        pooled = [
            [row[f"{measure}{end}"] for end in ("", "_low", "_high")]
            for row in report["rows"]
            if row["kind"] == "pooled" and row["phase"] == "acute-course" and row["route"] == "intranasal"
        ]
        assert [told[f"{name}_{side}"] for name in ("estimate", "low", "high")] in pooled


def test_intervals_that_cross_no_effect_come_first(removed: tuple[Path, dict[str, Any]]) -> None:
    """A ratio whose interval now holds 1 is marked, counted, and stands above those that only moved."""
    (response,) = (r for r in rows(removed[1], kind="moved", measure="rr") if "response, day 28" in r["key"])
    assert response["low_before"] > 1.0 > response["low_after"]
    assert response["crossing"] == "now crosses 1"
    assert response["change"] == response["estimate_after"] / response["estimate_before"]
    said = [bool(row["crossing"]) for row in rows(removed[1], kind="moved", command="ket compare")]
    assert said == sorted(said, reverse=True)
    crossed = sum(bool(row["crossing"]) for row in removed[1]["rows"])
    assert f"{crossed} intervals crossed no effect" in json.dumps(removed[1]["facts"])


def test_order_alone_is_no_difference(tmp_path: Path) -> None:
    """Every table upside down: the last digits of sums may differ, no number is told as moved."""
    folder = edited(tmp_path / "data", lambda _table, _header, row: row)
    for file in folder.glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as stream:
            header, *lines = csv.reader(stream)
        with file.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows([header, *reversed(lines)])
    assert against(folder, "--outcome", "response", "--outcome", "score")["rows"] == []


def test_another_identifier_is_no_other_study(tmp_path: Path) -> None:
    """A renamed study shows as one renaming, not as all its rows gone and come."""

    def rename(_table: str, _header: list[str], row: list[str]) -> list[str]:
        return [cell.replace("fedgchin-2019", "transform-1") for cell in row]

    answer = against(edited(tmp_path / "data", rename), "--outcome", "response")
    assert [(r["column"], r["before"], r["after"]) for r in rows(answer, kind="renamed")] == [
        ("study_id", "fedgchin-2019", "transform-1")
    ]
    assert rows(answer, kind="added") == rows(answer, kind="removed") == rows(answer, kind="moved") == []


def test_part_of_a_key_that_changed_is_a_changed_cell(tmp_path: Path) -> None:
    """A corrected scale is part of the key of an outcome; a new column counts as a change too."""

    def correct(table: str, header: list[str], row: list[str]) -> list[str]:
        if table == "outcomes" and row[:3] == ["zarate-2006", "ketamine-0.5", "response"]:
            row[header.index("scale")] = "HDRS-17"
        return row

    folder = edited(tmp_path / "data", correct)
    file = folder / "staging.csv"
    head, *lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([f"{head},seen_by", f"{lines[0]},me", *(f"{line}," for line in lines[1:])]) + "\n")
    answer = against(folder, "--outcome", "remission")
    assert {row["kind"] for row in answer["rows"]} == {"changed"}
    told = {(r["table"], r["column"], r["before"], r["after"]) for r in answer["rows"]}
    assert told == {("outcomes", "scale", "HDRS-21", "HDRS-17"), ("staging", "seen_by", "", "me")}


def test_table_that_one_side_lacks_is_said(tmp_path: Path) -> None:
    """A deleted table: its rows are gone, so are the numbers made from it, and a caution names it."""
    folder = edited(tmp_path / "data", lambda _table, _header, row: row)
    (folder / "scores.csv").unlink()
    answer = against(folder)
    assert {row["table"] for row in rows(answer, kind="removed")} == {"scores"}
    assert {row["measure"] for row in rows(answer, kind="pool-gone")} == {"smd", "md"}
    assert any("has scores" in note["text"] for note in answer["notes"] if note["kind"] == "caution")


def test_file_against_folder_finds_the_same_study(tmp_path: Path) -> None:
    """A study that moved from a single file into a folder is the same by its name, its arms by what they got."""
    folder, file = tmp_path / "a", tmp_path / "b.csv"
    ket("data", "new", str(folder))
    head = "study,drug,role,route,regimen,outcome,time_days,events,total,scale,analysis_set\n"
    file.write_text(
        head + "Example A,ketamine,active,intravenous,single-dose,response,1,24,40,MADRS,itt\n"
        "Example A,midazolam,control,intravenous,not-applicable,response,1,5,20,MADRS,itt\n"
    )
    answer = dict(json.loads(ket("data", "diff", str(folder), str(file), "--json").out))
    (events,) = (r for r in rows(answer, kind="changed", table="outcomes") if r["column"] == "events")
    assert (events["study_id"], events["before"], events["after"]) == ("Example A", "22", "24")


def test_one_side_may_be_standard_input(tmp_path: Path) -> None:
    """A file through a pipe, on either side but not on both."""
    file = tmp_path / "new.csv"
    file.write_text(NEW)
    piped = ket("data", "diff", "-", str(file), "--json", stdin=OLD.encode())
    assert "From standard input" in json.loads(piped.out)["title"]
    back = ket("data", "diff", str(file), "-", "--json", stdin=OLD.encode())
    changes = [[r["change"] for r in rows(json.loads(r.out), kind="moved", measure="rate")] for r in (piped, back)]
    assert changes[0] == [pytest.approx(-change) for change in changes[1]]
    both = ket("data", "diff", "-", "-", stdin=OLD.encode())
    assert (both.code, both.out) == (2, "")
    assert "[format-conflict]" in both.err


@pytest.mark.parametrize(
    ("before", "after", "pairs"),
    [
        (["day 7"], ["day 7 to 14"], [("day 7", "day 7 to 14")]),
        (["day 7"], ["day 7", "day 28"], [("day 7", "day 7"), (None, "day 28")]),
        (["day 7", "day 28"], ["day 14"], [(None, "day 14"), ("day 7", None), ("day 28", None)]),
    ],
)
def test_line_whose_heading_names_other_days(
    before: list[str], after: list[str], pairs: list[tuple[str | None, str | None]]
) -> None:
    """A study rated later changes the days in a heading; the line is the same where no other could be meant."""
    old, new = (
        [Line("ket compare", "A v B", label, ("A", "B"), "rr", 1.5, 1.1, 2.0, {"k": 2}) for label in labels]
        for labels in (before, after)
    )
    assert [(a and a.label, b and b.label) for a, b in matched(old, new)] == pairs


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
    assert not [row for row in limited["rows"] if row["command"]]
    assert len(rows(limited, kind="changed")) == 2
    assert ket(*arguments, "--data", str(tmp_path)).code == 2
