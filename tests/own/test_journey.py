"""A reviewer's journey from an empty folder to a page, and published examples that are not ours, file and pipe."""

from __future__ import annotations

import csv
import io
import json
import shlex
import shutil
import xml.etree.ElementTree as tree
from pathlib import Path

import pytest

from tests.command import ket, process
from tests.own.exports import REFERENCE

STUDIES = (
    ("Ash 2018", "14", "20", "4", "20"),
    ("Elm 2019", "22", "40", "9", "39"),
    ("Oak 2021", "9", "15", "5", "16"),
)


def rows(text: str, kind: str = "") -> list[dict[str, str]]:
    return [row for row in csv.DictReader(io.StringIO(text)) if not kind or row["kind"] == kind]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new folder with three studies entered by options, its made-up studies dropped."""
    mine = tmp_path / "mine"
    assert ket("data", "new", str(mine)).code == 0
    for number, (name, events, total, control_events, control_total) in enumerate(STUDIES):
        answers = {
            **{"study": name, "year": name[-4:], "design": "rct-parallel", "population": "trd-mdd"},
            **{"source-url": f"https://example.org/{number}", "source-kind": "primary-fulltext"},
            **{"drug": "ketamine", "route": "intravenous", "dose": "0.5", "dose-unit": "mg/kg"},
            **{"regimen": "single-dose", "control": "midazolam", "outcome": "response", "scale": "MADRS"},
            **{"time": "24h", "analysis-set": "itt", "events": events, "total": total},
            **{"control-events": control_events, "control-total": control_total},
        }
        given = [word for key, value in answers.items() for word in (f"--{key}", value)]
        first = ["--drop-examples"] if number == 0 else []
        result = ket("data", "add", str(mine), *given, *first, stdin=b"")
        assert result.code == 0, result.err
    return mine


def test_check_finds_nothing(folder: Path) -> None:
    """What was entered keeps every rule, warnings included."""
    result = ket("check", str(folder), "--csv")
    assert (result.code, rows(result.out)) == (0, [])


def test_rates_hold_the_three_studies_and_their_pool(folder: Path) -> None:
    """Each study with its control, and one pooled line of the three."""
    result = ket("rates", "--data", str(folder), "--csv")
    studies = rows(result.out, "study")
    assert [(r["label"], r["events"], r["total"], r["control_events"], r["control_total"]) for r in studies] == [
        tuple(study) for study in STUDIES
    ]
    (pooled,) = rows(result.out, "pooled")
    assert (pooled["k"], pooled["events"], pooled["total"]) == ("3", "45", "75")
    assert "made-up" not in result.err


def test_rates_go_through_a_pipe_into_the_pool(folder: Path) -> None:
    """`ket rates --csv | ket pool -` gives the same pooled proportion by the same model."""
    piped = ket("rates", "--data", str(folder), "--csv", "-q").out
    result = ket("pool", "-", "--measure", "PLO", "--csv", stdin=piped.encode())
    assert result.code == 0, result.err
    (pooled,) = rows(result.out, "pooled")
    (ours,) = rows(piped, "pooled")
    assert float(pooled["estimate"]) == pytest.approx(float(ours["rate"]), abs=1e-9)


def test_whole_pipe_in_a_shell(folder: Path) -> None:
    """The same in a real shell, from folder to pooled line."""
    result = process(
        shell=f"$KET rates --data {folder} --csv -q | $KET pool - --measure PLO --csv -q | grep -c ^pooled"
    )
    assert (result.code, result.out.strip()) == (0, "1")


def test_comparison_pools_the_ratio(folder: Path) -> None:
    """The exported two-by-two tables give the risk ratio of `ket compare`."""
    compared = ket("compare", "ketamine", "midazolam", "--data", str(folder), "--csv")
    block = rows(compared.out, "pooled")[0]
    tables = ket("data", "export", "--to", "metafor", "--data", str(folder), "-q").out
    (pooled,) = rows(ket("pool", "-", "--measure", "RR", "--csv", stdin=tables.encode()).out, "pooled")
    assert float(pooled["estimate"]) == pytest.approx(float(block["rr"]), rel=1e-9)
    assert (block["k"], pooled["k"]) == ("3", "3")


def test_forest_plot_is_a_picture_of_the_studies(folder: Path, tmp_path: Path) -> None:
    """An SVG with the name of every study in it."""
    pytest.importorskip("matplotlib")
    picture = tmp_path / "forest.svg"
    result = ket("forest", "rates", "--data", str(folder), "-o", str(picture))
    assert (result.code, result.out) == (0, "")
    text = "".join(tree.parse(picture).getroot().itertext())
    assert all(name in text for name, *_ in STUDIES)


def test_report_is_one_page_with_the_studies(folder: Path, tmp_path: Path) -> None:
    """A page that stands alone: the studies are in it, nothing is fetched from elsewhere."""
    page = tmp_path / "report.html"
    result = ket("report", str(page), "--data", str(folder), "--no-pictures")
    assert (result.code, result.out) == (0, ""), result.err
    text = page.read_text(encoding="utf-8")
    assert all(name in text for name, *_ in STUDIES)
    assert 'src="http' not in text
    assert "<link" not in text.replace('<link rel="icon"', "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "report.html"]


def test_the_journey_of_the_readme_goes_into_a_shell_as_it_stands(tmp_path: Path) -> None:
    """Every line of it, in order: folder, three studies, check, rates, pool, picture, page, difference, export."""
    pytest.importorskip("matplotlib")
    page = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    typed = page.partition("<!-- journey -->")[2].partition("```sh\n")[2].partition("```")[0]
    result = process(shell=f'set -e; cd {tmp_path}; ket() {{ $KET "$@"; }}\n{typed}')
    assert result.code == 0, result.err
    lines = [next(csv.reader([line])) for line in result.out.splitlines() if line]
    assert [line[2] for line in lines if line[0] == "pooled"] == ["Pooled, 3 studies"] * 2  # of rates and of pool
    assert [line[1] for line in lines if line[0] == "moved"] == ["ket rates", "ket timeline", "ket compare"]
    made = {"forest.svg", "page.html", "two-by-two.csv", "mine", "mine.2020"}
    assert {path.name for path in tmp_path.iterdir()} == made
    assert [row["study"] for row in rows((tmp_path / "two-by-two.csv").read_text(encoding="utf-8"))] == [
        name for name, *_ in STUDIES
    ]


def test_next_year_says_what_moved(folder: Path, tmp_path: Path) -> None:
    """A fourth study a year later: the difference names it and how far the pooled rate moved."""
    before = tmp_path / "before"
    shutil.copytree(folder, before)
    words = shlex.split(
        "--study Yew2024 --design rct-parallel --population trd-mdd --source-kind primary-fulltext --drug ketamine "
        "--route iv --dose 0.5 --dose-unit mg/kg --regimen single-dose --outcome response --scale MADRS --time 24h "
        "--analysis-set itt --events 10 --total 40"
    )
    assert ket("data", "add", str(folder), *words, stdin=b"").code == 0
    report = json.loads(ket("data", "diff", str(before), str(folder), "--json").out)
    (moved,) = (r for r in report["rows"] if r["kind"] == "moved" and r["command"] == "ket rates")
    assert (moved["k_before"], moved["k_after"]) == (3, 4)
    assert moved["change"] < -0.05
    assert [r["study_id"] for r in report["rows"] if r["kind"] == "added"] == ["yew2024"] * 3


# published examples: file, options, and the numbers as their papers print them

COLDITZ = (
    "bcg",
    ("--measure", "RR", "--tau2", "DL", "--test", "z"),
    {"k": 13, "estimate": 0.49, "ci_low": 0.34, "ci_high": 0.70},
)
HACKSHAW = (
    "hackshaw1998",
    ("--effects-are", "log", "--tau2", "DL", "--test", "z"),
    {"k": 37, "estimate": 1.24, "ci_low": 1.13, "ci_high": 1.36},
)
RAUDENBUSH = ("raudenbush1985", ("--test", "z"), {"k": 19, "estimate": 0.0837, "tau2": 0.0188})
KONSTANTOPOULOS = (
    "konstantopoulos2011",
    ("--model", "random", "--study", "school", "--test", "z"),
    {"k": 56, "estimate": 0.1279, "se": 0.0439, "tau2": 0.0884},
)
PUBLISHED = (COLDITZ, HACKSHAW, RAUDENBUSH, KONSTANTOPOULOS)


@pytest.mark.parametrize(("name", "options", "printed"), PUBLISHED, ids=[example[0] for example in PUBLISHED])
@pytest.mark.parametrize("piped", [False, True], ids=["file", "stdin"])
def test_published_numbers(name: str, options: tuple[str, ...], printed: dict[str, float], piped: bool) -> None:
    """Tables that others made, from a file and through a pipe, give what their papers print.

    BCG vaccine: Colditz et al. 1994, JAMA 271:698. Passive smoking: Hackshaw 1998, Stat Methods Med Res 7:119.
    Teacher expectancy: Raudenbush & Bryk 1985, J Educ Stat 10:75. School calendars: Konstantopoulos 2011, Res Synth
    Methods 2:61, Table 4.
    """
    file = REFERENCE / f"{name}.csv"
    if piped:
        result = ket("pool", "-", *options, "--csv", stdin=file.read_bytes())
    else:
        result = ket("pool", str(file), *options, "--csv")
    assert result.code == 0, result.err
    pooled = rows(result.out, "pooled")[0]
    for quantity, value in printed.items():
        digits = len(str(value).partition(".")[2])
        assert round(float(pooled[quantity]), digits) == value, quantity
