"""Where the table lies in a sheet: titles, two lines of names, units, footnotes, totals, names once per group."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from ketcli.evidence.formats.anyfile import read_any
from ketcli.evidence.grid import Grid
from tests.command import ket

HEADER = "Study,Events ketamine,N ketamine,Events control,N control\n"
ROWS = "Oak,4,8,0,8\nElm,12,17,0,14\nAsh,30,47,7,25\n"


def grid(text: str) -> Grid:
    return read_any(text.encode(), "t.csv")


def pooled(text: str, *options: str) -> dict[str, Any]:
    result = ket("pool", "-", "--csv", *options, stdin=text.encode())
    assert result.code == 0, result.err
    return next(row for row in csv.DictReader(io.StringIO(result.out)) if row["kind"] == "pooled")


PLAIN = pooled(HEADER + ROWS)["estimate"]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("Table S2. Response at 24 h,,,,\nExtracted 2021,,,,\n" + HEADER + ROWS, "lines 1 to 2 above the header"),
        ("Table S2. Response\n" + HEADER + ROWS, "line 1 above the header"),
        (HEADER + ",(n),(n),(n),(n)\n" + ROWS, "line 2, units below the header"),
        (HEADER + ROWS + ",,,,\n* crossover,,,,\nNR: not reported,,,,\n", "lines 6 to 7 under the table"),
        (HEADER + ROWS + "Source: registry\n", "line 5 under the table left out: 'Source: registry'"),
        (HEADER + ROWS + "Total,46,72,7,47\n", "line 5 ('Total') sums up studies and is left out"),
        (HEADER + ROWS + "Pooled (95% CI),46,72,7,47\n", "line 5 ('Pooled (95% CI)')"),
        (HEADER + ROWS + "Random effects model,46,72,7,47\n", "line 5 ('Random effects model')"),
        (HEADER + ROWS + ",46,72,7,47\n", "line 5 ('')"),
        (HEADER + ROWS + "Subtotal,46,72,7,47\nOverall,46,72,7,47\n", "lines 5 ('Subtotal'), 6 ('Overall')"),
        (
            "," + HEADER + "".join(f"{i},{row}\n" for i, row in enumerate(ROWS.split())),
            "row numbers without a name",
        ),
        (HEADER.replace("Study", "") + ROWS, "the first column has no name"),
        ("Study,Ketamine,,Placebo,\n,events,n,events,n\n" + ROWS, "the names of columns are on two lines"),
        (HEADER + ROWS.replace("Ash", HEADER + "Ash"), "line 4, the header once more, left out"),
        (HEADER.replace("\n", ",,\n") + ROWS.replace("\n", ",,\n"), ""),
        (HEADER + ROWS.replace("\n", ",,\n"), ""),
    ],
)
def test_what_surrounds_the_studies_changes_no_result(text: str, note: str) -> None:
    """Whatever stands around the studies, the same studies are pooled, and what was left out is said."""
    result = ket("pool", "-", "--csv", stdin=text.encode())
    assert result.code == 0, result.err
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert [r["label"] for r in rows if r["kind"] == "study"] == ["Oak", "Elm", "Ash"]
    assert next(r["estimate"] for r in rows if r["kind"] == "pooled") == PLAIN
    assert note in result.err


@pytest.mark.parametrize(
    "name", ["TOTAL 2015", "Totalis", "Combined Therapies Trial", "Mean Streets", "Sumner", "N"]
)
def test_studies_that_are_called_nearly_so_stay(name: str) -> None:
    """A trial is no total for having the word in its name."""
    assert [row[0] for row in grid(HEADER + ROWS + f"{name},9,18,3,17\n").rows][-1] == name


def test_a_lone_total_is_no_sum() -> None:
    """Without studies beside it there is nothing to sum up: the row stays."""
    assert len(grid("Study,events,total\nTotal,3,9\n").rows) == 1


def test_study_without_numbers_is_no_footnote() -> None:
    """A study at the end of the table of which nothing is known yet stays, to be named as not pooled."""
    assert grid(HEADER + ROWS + "Fir 2020,,,,\n").rows[-1][0] == "Fir 2020"


def test_short_row_is_a_question() -> None:
    """A row with fewer cells may lack one in its middle; only empty cells too many are none."""
    result = ket("pool", "-", stdin=(HEADER + ROWS + "Fir,4,8\n").encode())
    assert (result.code, "[ragged-row]" in result.err, ":5:" in result.err) == (1, True, True)


def test_lines_keep_their_numbers_under_titles() -> None:
    """A slip of the pen is found where it stands in the file."""
    result = ket("pool", "-", stdin=("Title\nMore\n" + HEADER + "Oak,x,8,0,8\n" + ROWS).encode())
    assert "standard input:4: Events ketamine: 'x' is not a number" in result.err


def test_total_is_left_out_by_every_command() -> None:
    """The file of trials that the other commands read, and the check, know a total too."""
    text = (
        "study,drug,route,outcome,time_days,events,total\nOak,ketamine,intravenous,response,1,30,47\n"
        "Elm,ketamine,intravenous,response,1,11,18\nTotal,,,,,41,65\n"
    )
    result = ket("rates", "--data", "-", "--csv", stdin=text.encode())
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert {r["study_id"] for r in rows if r["kind"] == "study"} == {"Oak", "Elm"}
    for told in (result, ket("check", "-", "--csv", stdin=text.encode())):
        assert "line 4 ('Total') sums up studies and is left out" in told.err


def test_own_output_pools_as_before() -> None:
    """Rows that say what they are, as ket's own tables do, are told by that and not by their names."""
    made = ket("pool", "-", "--csv", stdin=(HEADER + ROWS).encode()).out
    assert "kind is not study" in ket("pool", "-", "--csv", "--measure", "RR", stdin=made.encode()).err


MERGED = "Study,Arm,Responders,N\nOak,Ketamine,30,47\n,Placebo,7,25\nElm,Ketamine,11,18\n,Placebo,2,16\n"


def test_name_written_once_holds_for_its_arms() -> None:
    """Merged cells of a spreadsheet leave the name on the first arm alone."""
    assert [row[0] for row in grid(MERGED).rows] == ["Oak", "Oak", "Elm", "Elm"]
    assert "lines 3, 5 without a study's name taken for the study above" in grid(MERGED).notes[-1]
    assert pooled(MERGED)["k"] == "2"


@pytest.mark.parametrize(
    "text",
    [
        "Study,events,n,control events,control n\nOak,4,8,0,8\n,12,17,0,14\n",  # no arm: a name is missing
        "Study,Arm,events,n\nOak,Ketamine,4,8\n,Ketamine,12,17\n",  # the same arm twice: another study
        "Study,Arm,events,n\n,Ketamine,4,8\nOak,Placebo,12,17\n",  # nothing above
    ],
)
def test_missing_name_is_not_made_up(text: str) -> None:
    """Where an empty name may be another study it stays empty."""
    assert "" in [row[0] for row in grid(text).rows]


def test_both_arms_together_are_no_arm() -> None:
    """A row of a study's total beside its arms would count everybody twice."""
    text = "Study,Arm,Responders,N\nOak,Ketamine,30,47\nOak,Placebo,7,25\nOak,Total,37,72\nElm,Ketamine,9,18\n"
    assert [row[1] for row in grid(text).rows] == ["Ketamine", "Placebo", "Ketamine"]
    assert "line 4 ('Total') sums up studies and is left out" in grid(text).notes[-1]
    assert len(grid(text.replace("Total", "Combined")).rows) == 4  # ketamine with psychotherapy, perhaps


def test_studies_of_one_author_are_told_apart_by_the_year() -> None:
    """Two trials of one first author are two trials; what names a study once is left as it is."""
    text = "Author,Year,events,total\nOak,2013,4,8\nOak,2015,12,17\nElm,2016,3,9\n"
    assert [row[0] for row in grid(text).rows] == ["Oak 2013", "Oak 2015", "Elm 2016"]
    assert "told apart by 'Year': 'Oak'" in grid(text).notes[-1]
    assert [row[0] for row in grid(text.replace("2015", "2013")).rows] == ["Oak", "Oak", "Elm"]
    assert "Oak" in grid(text.replace("Author", "Study")).rows[0]
