"""A folder to begin with: valid, described, read by every command, and made whole or not at all."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest

from ketcli.evidence import starter
from ketcli.evidence.check import check_folder
from tests.command import ket

COMMANDS = (
    (),
    ("rates",),
    ("rates", "--outcome", "remission"),
    ("side-effects",),
    ("factors",),
    ("factors", "--sex"),
    ("studies",),
    ("studies", "example-a"),
    ("compare", "ketamine", "midazolam"),
    ("timeline",),
    ("durability",),
    ("safety",),
    ("expect",),
    ("trd",),
    ("mechanism",),
    ("outlook",),
    ("reviews",),
    ("claims",),
    ("data", "tables"),
    ("data", "schema"),
    ("data", "schema", "outcomes"),
    ("data", "show", "outcomes"),
    ("forest", "rates"),
    ("forest", "compare", "ketamine", "midazolam"),
    ("forest", "side-effects"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A starter folder made by the command."""
    made = tmp_path / "mine"
    assert ket("data", "new", str(made)).code == 0
    return made


def test_keeps_every_rule(folder: Path) -> None:
    """The examples that people copy from are themselves without error or warning."""
    assert check_folder(folder) == []
    assert ket("check", str(folder), "--csv").out.count("\n") == 1


def test_is_a_valid_package_to_another_reader(folder: Path) -> None:
    """datapackage.json and the tables agree in an independent implementation of the standard."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import frictionless

        report = frictionless.validate(str(folder / "datapackage.json"))
    assert (report.valid, len(report.tasks)) == (True, len(starter.NAMES))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_reads_it(command: tuple[str, ...], folder: Path) -> None:
    """A new folder is an answer to every question, for people and for machines."""
    for form in ("table", "json"):
        result = ket(*command, "--data", str(folder), "--format", form)
        assert (result.code, result.err) == (0, "")
        assert result.out


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_reads_bare_tables(command: tuple[str, ...], tmp_path: Path) -> None:
    """Headers alone are no error: nothing is known yet."""
    made = tmp_path / "bare"
    assert ket("data", "new", str(made), "--bare").code == 0
    if command != ("studies", "example-a"):
        assert ket(*command, "--data", str(made), "--format", "table").code == 0


@pytest.mark.parametrize("bare", [(), ("--bare",)], ids=["examples", "bare"])
def test_page_and_exports_are_made_of_it(bare: tuple[str, ...], tmp_path: Path) -> None:
    """The commands that write files take a new folder too, with and without studies in it."""
    made = tmp_path / "made"
    assert ket("data", "new", str(made), *bare).code == 0
    for command in (
        ("report", str(tmp_path / "page.html"), "--no-pictures"),
        ("data", "export", "--to", "metafor"),
        ("data", "export", "--to", "metapsy"),
        ("data", "export", "-o", str(tmp_path / "a.sqlite")),
        ("data", "export", "--to", "package", "-o", str(tmp_path / "out")),
    ):
        assert ket(*command, "--data", str(made)).code == 0


def test_examples_are_recalled_until_they_are_gone(folder: Path, tmp_path: Path) -> None:
    """Made-up studies that are pooled with real ones would be a wrong number: every answer says so."""
    notes = json.loads(ket("rates", "--data", str(folder), "--json").out)["notes"]
    assert any("example-a" in str(note) and "made-up" in str(note) for note in notes)
    bare = tmp_path / "bare"
    ket("data", "new", str(bare), "--bare")
    assert "made-up" not in ket("rates", "--data", str(bare), "--json").out


def test_taken_places_are_left_alone(folder: Path, tmp_path: Path) -> None:
    """A folder with files, or a file, is never written over; an empty folder is filled."""
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    taken = tmp_path / "file"
    taken.write_text("mine")
    for place in (folder, taken):
        result = ket("data", "new", str(place))
        assert (result.code, result.out) == (1, "")
        assert "[folder-exists]" in result.err
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert taken.read_text() == "mine"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert ket("data", "new", str(empty)).code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty", "file", "mine"]


def test_folder_one_stands_in_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`ket data new .` in an empty folder: the folder stays the same one, its files are there."""
    monkeypatch.chdir(tmp_path)
    inode = tmp_path.stat().st_ino
    assert ket("data", "new", ".").code == 0
    assert tmp_path.stat().st_ino == inode
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(starter.files())
    assert ket("check", ".").code == 0


def test_place_that_cannot_be_written(tmp_path: Path) -> None:
    """A parent that is not there is one clear error, and nothing is left behind."""
    result = ket("data", "new", str(tmp_path / "no" / "such"))
    assert result.code == 1
    assert "[cannot-write]" in result.err
    assert list(tmp_path.iterdir()) == []


def test_background_that_own_data_do_not_hold_is_not_spoken_of(tmp_path: Path) -> None:
    """Cautions on prevalence and conventional steps stand where such rows are shown, not over a reader's trials."""
    file = tmp_path / "t.csv"
    file.write_bytes(b"study,drug,route,outcome,time_days,events,total\nA,ketamine,intravenous,response,1,7,10\n")
    own = ket("trd", "--data", str(file), "--csv")
    assert (own.code, len(own.out.splitlines())) == (0, 1)
    assert "STAR*D" not in own.err
    assert "STAR*D" in ket("trd", "--csv").err


def test_the_page_of_own_data_has_no_table_without_rows(tmp_path: Path) -> None:
    """Nobody wants to read what a reader's trials do not answer."""
    file, page = tmp_path / "t.csv", tmp_path / "p.html"
    file.write_bytes(b"study,drug,route,outcome,time_days,events,total\nA,ketamine,intravenous,response,1,7,10\n")
    assert ket("report", str(page), "--data", str(file), "--no-pictures").code == 0
    text = page.read_text(encoding="utf-8")
    assert "ket rates" in text
    assert "No matching evidence" not in text
