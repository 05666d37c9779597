"""Pictures from the command line: front doors, files, standard output, and nothing imported before it is needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import ket
from tests.figures.trials import trials
from tests.test_imports import loaded_after, running


@pytest.fixture
def csv(tmp_path: Path) -> str:
    path = tmp_path / "trials.csv"
    path.write_text(trials(12), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("arguments", [("forest", "rates"), ("funnel", "rates"), ("forest", "side-effects")])
def test_no_matplotlib_without_a_picture(arguments: tuple[str, ...]) -> None:
    modules = loaded_after("import io\nsys.stdout = io.StringIO()\n" + running(*arguments, "--csv"))
    assert "matplotlib" not in modules


def test_help_of_the_doors_loads_no_numeric_library() -> None:
    modules = loaded_after(running("forest", "pool", "--help") + "\nsys.stderr = sys.__stderr__")
    assert not modules & {"numpy", "pandas", "matplotlib", "scipy"}


def test_forest_has_the_rows_of_its_command() -> None:
    asked = ("--outcome", "response", "--regimen", "single-dose", "--json")
    assert json.loads(ket("forest", "rates", *asked).out)["rows"] == json.loads(ket("rates", *asked).out)["rows"]


def test_forest_on_a_terminal_has_a_wide_strip_with_its_axis() -> None:
    asked = ("--event", "nausea", "-q", "--color", "never")
    out = ket("forest", "side-effects", *asked, terminal=True, env={"COLUMNS": "120"}).out
    head = out.splitlines()[2]
    assert "Risk ratio" in head
    assert " 1 " in head
    assert max(len(line) for line in out.splitlines()) <= 120


def test_measure_of_a_forest_can_be_chosen() -> None:
    out = ket("forest", "side-effects", "--event", "nausea", "--measure", "rd", "-f", "table").out
    assert "Difference" in out
    wrong = ket("forest", "side-effects", "--event", "nausea", "--measure", "hr")
    assert (wrong.code, "unknown measure 'hr'" in wrong.err) == (2, True)


def test_own_measure_of_pool_stays_its_own(csv: str) -> None:
    assert "Odds ratio" in ket("forest", "pool", csv, "--measure", "OR", "-f", "table").out


@pytest.mark.parametrize(("name", "start"), [("p.svg", b"<?xml"), ("p.png", b"\x89PNG"), ("p.pdf", b"%PDF")])
def test_ending_names_the_kind_of_picture(name: str, start: bytes, csv: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    result = ket("pool", csv, "-o", str(tmp_path / name))
    assert (result.code, result.err) == (0, "")
    assert (tmp_path / name).read_bytes().startswith(start)


def test_door_and_command_write_the_same_picture(csv: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    files = [tmp_path / "a.svg", tmp_path / "b.svg", tmp_path / "c.svg"]
    ket("pool", csv, "-o", str(files[0]))
    ket("forest", "pool", csv, "-o", str(files[1]))
    ket("pool", csv, "--plot", "forest", "-o", str(files[2]))
    assert len({file.read_bytes() for file in files}) == 1


@pytest.mark.parametrize("plot", ["funnel", "baujat", "labbe", "drapery", "leave-one-out"])
def test_every_plot_of_pool_can_be_written(plot: str, csv: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    result = ket("pool", csv, "--plot", plot, "-o", str(tmp_path / "p.svg"))
    assert (result.code, result.err) == (0, "")


def test_unknown_plot_names_the_nearest(csv: str) -> None:
    result = ket("pool", csv, "--plot", "baujot")
    assert result.code == 2
    assert "did you mean 'baujat'?" in result.err


def test_terminal_is_refused_a_picture() -> None:
    result = ket("rates", "-f", "svg", terminal=True)
    assert (result.code, result.out) == (2, "")
    assert "[picture-on-terminal]" in result.err


def test_picture_can_be_piped() -> None:
    pytest.importorskip("matplotlib")
    result = ket("forest", "rates", "--study", "zarate-2006", "-f", "svg")
    assert result.out.startswith("<?xml")
    assert "Zarate 2006 (NIMH)" in result.out


def test_answer_without_a_picture_says_so(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    result = ket("trd", "-o", str(tmp_path / "p.svg"))
    assert result.code == 2
    assert "[no-picture]" in result.err
    assert not (tmp_path / "p.svg").exists()


def test_empty_answer_is_an_empty_picture_that_says_why(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    result = ket("rates", "--since", "2100", "-o", str(tmp_path / "p.svg"))
    assert result.code == 0
    assert "No study has such a row" in (tmp_path / "p.svg").read_text(encoding="utf-8")


def test_quiet_leaves_the_notes_out_of_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    loud, quiet = tmp_path / "loud.svg", tmp_path / "quiet.svg"
    ket("rates", "--regimen", "single-dose", "-o", str(loud))
    ket("rates", "--regimen", "single-dose", "-q", "-o", str(quiet))
    assert "Single studies: wilson interval" in loud.read_text(encoding="utf-8")
    assert "Single studies: wilson interval" not in quiet.read_text(encoding="utf-8")
    assert "Data version" in quiet.read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [("timeline",), ("side-effects",), ("factors", "--age"), ("expect",)])
def test_every_command_with_a_picture_of_its_own_writes_it(arguments: tuple[str, ...], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    result = ket(*arguments, "-o", str(tmp_path / "p.svg"))
    assert (result.code, result.err) == (0, "")
    assert (tmp_path / "p.svg").stat().st_size > 10_000
