"""Other programs' exports: RevMan's data and analyses, and the Metapsy data standard."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import Any

import pytest

from ketcli.errors import UsageError
from ketcli.evidence.formats.anyfile import read_any
from ketcli.evidence.grid import Grid
from tests.command import ket
from tests.own import exports


def grid(text: str, name: str = "r.csv") -> Grid:
    return read_any(text.encode(), name)


def cells(read: Grid, *columns: str) -> list[tuple[str, ...]]:
    return list(zip(*(read.column(column) for column in columns), strict=True))


def pooled(text: str, name: str, tmp_path: Path, *options: str) -> dict[str, Any]:
    """The pooled line of `ket pool` on a file."""
    file = tmp_path / name.partition("#")[0]
    file.write_text(text, encoding="utf-8", newline="")
    result = ket("pool", str(tmp_path / name), "--csv", *options)
    assert result.code == 0, result.err
    return next(row for row in csv.DictReader(io.StringIO(result.out)) if row["kind"] == "pooled")


def test_revman5_counts_are_those_of_the_trials() -> None:
    """The trials under an outcome, without the lines of totals and headings above them."""
    read = grid(exports.revman5(), "r.csv#1.1")
    expected = [
        (r["study"], r["d.asp"], r["n.asp"], r["d.plac"], r["n.plac"]) for r in exports.reference("Fleiss1993bin")
    ]
    assert cells(read, "study", "events", "total", "control_events", "control_total") == expected
    assert set(read.column("control_drug")) == {"Placebo"}
    assert "analysis 1.1 'Deaths', 7 trials" in read.notes[-1]


def test_revman5_pools_like_the_plain_table(tmp_path: Path) -> None:
    """The same trials give the same pooled line, whichever program wrote them."""
    plain = "study,ai,n1i,ci,n2i\n" + "".join(
        f"{r['study']},{r['d.asp']},{r['n.asp']},{r['d.plac']},{r['n.plac']}\n"
        for r in exports.reference("Fleiss1993bin")
    )
    ours = pooled(exports.revman5(), "r.csv#1.1", tmp_path, "--measure", "OR")
    assert ours["estimate"] == pooled(plain, "p.csv", tmp_path, "--measure", "OR")["estimate"]


def test_revman5_keeps_subgroups() -> None:
    """Trials under subgroups carry their subgroup in a column, for --by."""
    read = grid(exports.revman5(), "r.csv#1.2")
    assert cells(read, "study", "mean", "sd", "total", "subgroup") == [
        ("Young 0", "5", "2", "30", "Young"),
        ("Young 1", "6", "2", "30", "Young"),
        ("Old 0", "5", "2", "30", "Old"),
        ("Old 1", "6", "2", "30", "Old"),
    ]


def test_revman5_ratios_are_put_on_the_scale_of_their_errors() -> None:
    """A hazard ratio printed as a ratio has the error of its logarithm: the printed interval shows it."""
    read = grid(exports.revman5(), "r.csv#2.1")
    assert [(float(y), se) for y, se in cells(read, "lnhr", "sei")] == [
        (math.log(0.5), "0.25"),
        (math.log(0.8), "0.2"),
    ]


def test_effects_from_observed_minus_expected() -> None:
    """O-E and its variance give the log hazard ratio (O-E)/V with the error 1/sqrt(V)."""
    columns = (*exports.REVMAN5, "O-E", "Variance")
    place = {"Comparison Number": 1, "Outcome Number": 1, "Subgroup Number": 0}
    rows: list[dict[str, object]] = [
        {**place, "Name": "Death", "Data Type": "IPD", "Effect Measure": "HR"},
        {**place, "Name": "Oak", "O-E": -4, "Variance": 16},
    ]
    assert cells(grid(exports.text(columns, rows)), "lnhr", "sei") == [("-0.25", "0.25")]


@pytest.mark.parametrize("name", ["r.csv", "r.csv#7", "r.csv#1"])
def test_which_analysis_is_asked(name: str) -> None:
    """Several outcomes are no meta-analysis: the file's analyses are listed and one must be named."""
    with pytest.raises(UsageError) as caught:
        grid(exports.revman5(), name)
    assert caught.value.code == "which-analysis"
    assert "1.1 Deaths; 1.2 Score; 2.1 Relapse" in caught.value.message
    assert caught.value.hint == "name one after a hash: 'r.csv#1.1'"


def web(*rows: dict[str, object]) -> str:
    place = {"Analysis group": 1, "Analysis number": 1, "Analysis name": "Response"}
    return exports.text(exports.REVMAN_WEB, [{**place, **row} for row in rows])


COUNTS = {"Experimental cases": 9, "Experimental N": 18, "Control cases": 3, "Control N": 17}


def test_revman_web_counts() -> None:
    """The rows that RevMan Web exports."""
    read = grid(web({"Study": "Oak 2013", "Study year": 2013, **COUNTS}))
    assert cells(read, "study", "year", "events", "total", "control_events", "control_total") == [
        ("Oak 2013", "2013", "9", "18", "3", "17")
    ]


def test_revman_web_never_counts_a_trial_in_subgroups_and_overall() -> None:
    """Where trials stand under subgroups and for all of them, the rows for all are taken."""
    under = {"Study": "Oak", "Subgroup": "Young", "Subgroup number": 1, **COUNTS}
    read = grid(web({"Study": "Oak", **COUNTS}, under))
    assert read.rows == [["Oak", "", "9", "18", "3", "17"]]
    assert grid(web(under)).column("subgroup") == ["Young"]


@pytest.mark.parametrize(
    ("row", "columns", "values"),
    [
        ({"GIV Mean": -0.5, "GIV SE": 0.2}, ("yi", "sei"), ("-0.5", "0.2")),
        (
            {"Experimental mean": 5, "Experimental SD": 2, "Experimental N": 9, "Control mean": 6, "Control SD": 3,
             "Control N": 8},
            ("mean", "sd", "total", "control_mean", "control_sd", "control_total"),
            ("5", "2", "9", "6", "3", "8"),
        ),
    ],
)  # fmt: skip
def test_revman_web_means_and_effects(
    row: dict[str, object], columns: tuple[str, ...], values: tuple[str, ...]
) -> None:
    """What the rows hold tells which kind of results they are."""
    assert cells(grid(web({"Study": "Oak", **row})), *columns) == [values]


def test_metapsy_counts_become_arms() -> None:
    """Both arms of a comparison reach the commands on rates, times in days, missing values empty."""
    result = ket("rates", "--data", "-", "--csv", stdin=only_responses())
    rows = [r for r in csv.DictReader(io.StringIO(result.out)) if r["kind"] == "study"]
    assert [(r["study_id"], r["events"], r["total"], r["control_events"], r["control_total"]) for r in rows] == [
        ("Oak, 2013", "30", "47", "7", "25"),
        ("Elm, 2018", "12", "20", "5", "21"),
    ]
    assert {round(float(r["time_days"]), 9) for r in rows} == {1.0}


def only_responses() -> bytes:
    lines = exports.metapsy().splitlines(keepends=True)
    return "".join(line for line in lines if "msd" not in line).encode()


def test_metapsy_means_with_decimal_commas() -> None:
    """The standard writes 14,5 for 14.5; the numbers reach the pool."""
    read = grid(exports.metapsy(), "m.csv#msd")
    assert cells(read, "study", "mean", "sd", "control_mean") == [("Elm, 2018", "14,5", "8,25", "21,0")]


def test_metapsy_pools(tmp_path: Path) -> None:
    """`ket pool` takes the counts as they stand."""
    plain = "study,ai,n1i,ci,n2i\nO,30,47,7,25\nE,12,20,5,21\n"
    ours = pooled(exports.metapsy(), "m.csv#response", tmp_path)
    assert ours["estimate"] == pooled(plain, "p.csv", tmp_path)["estimate"]


@pytest.mark.parametrize("name", ["m.csv", "m.csv#relapse"])
def test_which_outcome_is_asked(name: str) -> None:
    """Responses and mean scores of one file are not one meta-analysis."""
    with pytest.raises(UsageError) as caught:
        grid(exports.metapsy(), name)
    assert caught.value.code == "which-outcome"
    assert "response (2), msd (1)" in caught.value.message


def test_hint_for_standard_input_names_a_file() -> None:
    """A pipe has no name to put a hash after."""
    result = ket("pool", "-", stdin=exports.revman5().encode())
    assert (result.code, result.out) == (2, "")
    assert "FILE.csv#1.1" in result.err


def dotted(text: str) -> str:
    """The same file as R writes it back: dots for the blanks in names."""
    header, _, rest = text.partition("\n")
    return header.replace(" ", ".").replace("-", ".") + "\n" + rest


def test_names_as_r_writes_them_back() -> None:
    """A RevMan export that went through R is known all the same."""
    assert grid(dotted(exports.revman5()), "r.csv#1.1").rows == grid(exports.revman5(), "r.csv#1.1").rows
    assert grid(dotted(web({"Study": "Oak", **COUNTS}))).column("events") == ["9"]


def test_revman5_parts_thousands_with_commas() -> None:
    """RevMan 5 writes 2,267 people."""
    text = exports.revman5().replace(",2267,", ',"2,267",')
    assert "2,267" in text
    assert grid(text, "r.csv#1.1").rows == grid(exports.revman5(), "r.csv#1.1").rows


def test_revman5_swapped_events_are_swapped() -> None:
    """An analysis of those without the event is not pooled as one of those with it."""
    columns = (*exports.REVMAN5, "Swap event and non-event")
    place = {"Comparison Number": 1, "Outcome Number": 1, "Subgroup Number": 0}
    rows: list[dict[str, object]] = [
        {**place, "Name": "Remission", "Data Type": "DIC", "Swap event and non-event": "YES"},
        {**place, "Name": "Oak", "Events 1": 6, "Total 1": 20, "Events 2": 9, "Total 2": 21},
    ]
    read = grid(exports.text(columns, rows))
    assert cells(read, "events", "total", "control_events", "control_total") == [("14", "20", "12", "21")]
    assert "Events and non-events are swapped" in read.notes[-1]


@pytest.mark.parametrize("name", ["Variance", "Var"])
def test_revman_web_observed_minus_expected(name: str) -> None:
    """RevMan Web exports O-E and its variance too; older exports call the variance otherwise."""
    columns = (*exports.REVMAN_WEB, "O-E", name)
    row = {"Analysis group": 1, "Analysis number": 1, "Study": "Oak", "O-E": -4, name: 16, "Control N": 9}
    assert cells(grid(exports.text(columns, [row])), "yi", "sei") == [("-0.25", "0.25")]


def test_metapsy_says_when_instruments_are_mixed() -> None:
    """Mean differences of two questionnaires are not one quantity."""
    text = exports.metapsy()
    line = next(x for x in text.splitlines(keepends=True) if "msd" in x)
    read = grid(text + line.replace("MADRS", "HDRS").replace("Elm", "Ash"), "m.csv#msd")
    assert "2 instruments, which mean differences would mix: --measure SMD" in read.notes[-1]
    assert "--measure SMD" not in grid(text, "m.csv#msd").notes[-1]
