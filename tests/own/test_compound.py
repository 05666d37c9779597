"""Cells of several numbers, and numbers with more than their digits: one reading is taken, two are a question."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

import pytest

from ketcli.evidence.formats.anyfile import read_any
from ketcli.evidence.grid import Grid
from tests.command import ket


def grid(text: str) -> Grid:
    return read_any(text.encode(), "t.csv")


def studies(text: str, *options: str) -> list[dict[str, Any]]:
    result = ket("pool", "-", "--csv", *options, stdin=text.encode())
    assert result.code == 0, result.err
    return [row for row in csv.DictReader(io.StringIO(result.out)) if row["kind"] == "study"]


@pytest.mark.parametrize(
    "text",
    [
        "Study,Responders\nOak,12/20\nElm,11/18\n",
        "Study,Responders/N\nOak,12 / 20\nElm,11 of 18\n",
        "Study,n/N (%)\nOak,12/20 (60%)\nElm,11/18 (61.1)\n",
        "Study,Response\nOak,12/20\nElm,11/18\n",
        "Study,N,Responders n (%)\nOak,20,12 (60%)\nElm,18,11 (61.1 %)\n",
        "Study,N,Responders (%)\nOak,20,12 (60)\nElm,18,11 (61.1)\n",
        "Study,N,Responders\nOak,n=20,12*\nElm,N = 18,11†\n",
        "Study,N,Response rate\nOak,20,60 %\nElm,18,61.1%\n",
        "Study,Total,Response (%)\nOak,20,60\nElm,18,61.1\n",
        "Study;Total;Response (%)\nOak;20;60\nElm;18;61,1\n",
    ],
)
def test_counts_however_they_are_written(text: str) -> None:
    """Fractions, counts with their percent, percents of a total, marks and n= are the same two counts."""
    assert [(r["label"], r["events"], r["total"]) for r in studies(text)] == [
        ("Oak", "12", "20"),
        ("Elm", "11", "18"),
    ]


def test_events_from_percents_are_said_and_doubted() -> None:
    """The reader is told that counts were worked out, and of a percent that is no count of its total."""
    told = ket("pool", "-", stdin=b"Study,Total,Response (%)\nOak,20,60\nElm,18,50\nAsh,10,33\n").err
    out = ket("pool", "-", stdin=b"Study,Total,Response (%)\nOak,20,60\nElm,18,50\nAsh,10,33\n").out
    assert "Events are worked out from percents, to whole people." in told + out
    assert "line 4: Ash: 33 % cannot be a count out of 10" in (told + out).replace("\n  ", " ")


def test_n_beside_a_percent_is_a_question() -> None:
    """`n` with `%` may be those with the event: 60 % of 12 people is not worked out on a guess."""
    result = ket("pool", "-", stdin=b"Study,n,%\nOak,12,60\nElm,11,61.1\n")
    assert (result.code, result.out) == (2, "")
    assert "--events COLUMN" in result.err


def test_fractions_of_two_arms_ask_for_the_control_once() -> None:
    """Columns named after their arms alone: the hint names the option that then works."""
    text = "Study,Ketamine,Midazolam\nOak,12/20,3/19\nElm,11/18,2/16\n"
    result = ket("pool", "-", stdin=text.encode())
    assert (result.code, "--control ketamine or --control midazolam" in result.err) == (1, True)
    (first, _) = studies(text, "--control", "midazolam")
    assert [first[c] for c in ("events", "total", "control_events", "control_total")] == ["12", "20", "3", "19"]
    assert studies(text.replace("Midazolam", "Placebo"))[0]["control_total"] == "19"


def test_two_outcomes_keep_apart() -> None:
    """Responders and remitters as fractions are two results: neither is taken for the other."""
    result = ket("pool", "-", stdin=b"Study,Response,Remission\nOak,12/20,8/20\nElm,11/18,3/18\n")
    assert (result.code, result.out) == (1, "")


@pytest.mark.parametrize(
    ("text", "estimate"),
    [
        ("Study,RR (95% CI)\nOak,0.49 (0.33-0.73)\nElm,0.80 (0.52 to 1.25)\n", math.log(0.49)),
        ('Study,RR (95% CI)\nOak,"0.49 [0.33, 0.73]"\nElm,"0.80 [0.52, 1.25]"\n', math.log(0.49)),
        ("Study,OR,95% CI\nOak,0.49,0.33-0.73\nElm,0.80,0.52–1.25\n", math.log(0.49)),
        ("Study;HR (95%-KI)\nOak;0,49 (0,33 bis 0,73)\nElm;0,80 (0,52 bis 1,25)\n", math.log(0.49)),
        ("Study,Mean difference (95% CI)\nOak,-5.4 (-8.2 to -2.6)\nElm,−3.0 (−6.0 to 0.0)\n", -5.4),
        ("Study,MD,95% CI\nOak,-5.4,-8.2--2.6\nElm,-3.0,-6.0-0.0\n", -5.4),
    ],
)
def test_effect_and_its_interval_in_a_cell(text: str, estimate: float) -> None:
    """The three numbers of 0.49 (0.33-0.73), with signs, dashes and words between the limits."""
    assert float(studies(text)[0]["yi"]) == pytest.approx(estimate, abs=1e-12)


@pytest.mark.parametrize("column", ["HR (90% CI)", "HR (99 % CI)"])
def test_interval_of_another_level_is_not_taken_for_one_of_95(column: str) -> None:
    """Errors from limits of 90 % read as 95 % would be too small."""
    result = ket("pool", "-", stdin=f"Study,{column}\nOak,0.49 (0.33-0.73)\nElm,0.8 (0.5-1.2)\n".encode())
    assert (result.code != 0, result.out) == (True, "")


def test_limits_of_another_level_are_refused_when_named() -> None:
    """What the name of a column says is not set aside by naming it."""
    text = b"Study,HR,90% CI lower,90% CI upper\nOak,0.49,0.33,0.73\nElm,0.8,0.5,1.2\n"
    result = ket("pool", "-", "--ci-low", "90% CI lower", "--ci-high", "90% CI upper", stdin=text)
    assert (result.code, "(upper - lower) / 3.290" in result.err) == (2, True)


def test_mean_and_deviation_in_a_cell() -> None:
    """Mean (SD) as its heading says; without the heading 14.1 (8.3) may be anything and is left alone."""
    text = "Study,n ketamine,Ketamine mean (SD),n placebo,Placebo mean (SD)\nOak,20,12.5 (8.3),21,18.4 (7.9)\n"
    read = grid(text)
    assert read.rows == [["Oak", "20", "12.5", "8.3", "21", "18.4", "7.9"]]
    assert studies(text)[0]["mean"] == "12.5"
    assert grid("Study,Ketamine\nOak,12.5 (8.3)\n").rows == [["Oak", "12.5 (8.3)"]]


def test_what_does_not_fit_its_column_is_named() -> None:
    """A date among fractions, as spreadsheets make them, is found with its line and its cause."""
    result = ket("pool", "-", stdin=b"Study,Responders\nOak,12/20\nElm,12-Jan\nAsh,11/18\n")
    assert "standard input:3: Responders: '12-Jan' is not a number" in result.err
    assert "a spreadsheet makes dates" in result.err


@pytest.mark.parametrize(
    ("cells", "read"),
    [
        (("1 204", "12 500"), ["1204", "12500"]),
        (("1\u202f204", "12\u00a0500"), ["1204", "12500"]),
        (("1'204", "12'500"), ["1204", "12500"]),
        (("1,204", "12,500"), ["1204", "12500"]),
        (("1.234.567", "1,234,567"), ["1234567", "1234567"]),
    ],
)
def test_thousands_that_can_be_nothing_else(cells: tuple[str, str], read: list[str]) -> None:
    """Blanks and apostrophes part thousands, and so does a comma among people."""
    text = f'Study,events,total\nOak,"{cells[0]}","{cells[1]}"\nElm,12,1700\n'
    assert [studies(text)[0][c] for c in ("events", "total")] == read


@pytest.mark.parametrize(
    "text",
    [
        "Study;events;total\nOak;1.204;12.500\nElm;12;1.700\n",  # 12.5 people?
        "Study;mean;sd;n;control mean;control sd;control n\nOak;1,204;8,1;20;2,5;7;21\n",  # a mean of 1204?
        "Study;events;total;dose\nOak;204;1,500;0,5\nElm;12;17;0,5\n",  # decimal commas beside thousands?
    ],
)
def test_thousands_that_may_be_decimals_are_asked_about(text: str) -> None:
    """Where a sign may part thousands or decimals the number is not guessed."""
    result = ket("pool", "-", stdin=text.encode())
    assert (result.code, "[ambiguous-comma]" in result.err) == (1, True)


def test_points_part_thousands_beside_decimal_commas() -> None:
    """A file with decimal commas has no decimal points: 1.204 people are 1204."""
    text = "Study;events;total;dose\nOak;1.204;12.500;0,5\nElm;12;1.700;0,5\n"
    assert [studies(text)[0][c] for c in ("events", "total")] == ["1204", "12500"]


@pytest.mark.parametrize("word", ["NR", "n.r.", "nd", "not reported", "-", "–", "NA", "n/a", "..", "k.A."])
def test_words_for_missing_are_the_same_everywhere(word: str) -> None:
    """What one command reads as missing no other takes for a mistake."""
    rows = studies(f"Study,events,total\nOak,{word},8\nElm,9,18\nAsh,3,9\n")
    assert {r["label"]: r["events"] for r in rows} == {"Elm": "9", "Ash": "3", "Oak": ""}
    text = f"study,drug,route,outcome,time_days,events,total,dose\nA,ketamine,oral,response,1,9,18,{word}\n"
    result = ket("rates", "--data", "-", "--csv", stdin=text.encode())
    assert (result.code, "read as missing" in result.err) == (0, True)


@pytest.mark.parametrize("cell", ["<5", "12a", "~9", "8-12"])
def test_what_is_no_number_is_named_alone(cell: str) -> None:
    """One bad cell is one error: the marks of the others are no mistakes."""
    result = ket("pool", "-", stdin=f"Study,events,total\nOak,4*,8\nElm,{cell},17\nAsh,30,47\n".encode())
    assert (result.code, f"standard input:3: events: '{cell}' is not a number [" in result.err) == (1, True)


def test_shares_are_percents_by_their_name() -> None:
    """A column called proportion, of numbers from 0 to 1, is not a column of counts below one."""
    rows = studies("Study,Proportion,N\nOak,0.6,20\nElm,0.5,18\n")
    assert [(r["events"], r["total"]) for r in rows] == [("12", "20"), ("9", "18")]


@pytest.mark.parametrize("column", ["Median (IQR)", "Age (range)", "Baseline"])
def test_ranges_are_no_intervals_of_the_effect(column: str) -> None:
    """The quartiles of a median beside an effect must not become the limits of that effect."""
    result = ket("pool", "-", stdin=f"Study,SMD,{column}\nOak,-0.5,12 (8-15)\nElm,-0.3,14 (9-17)\n".encode())
    assert (result.code, result.out) == (2, "")


def test_interval_of_another_quantity_is_not_that_of_the_effect() -> None:
    """Limits are those of the quantity in their own cell."""
    text = b"Study,SMD,Response rate (95% CI)\nOak,-0.5,60 (36-81)\nElm,-0.3,61 (36-83)\n"
    assert ket("pool", "-", stdin=text).code == 2
