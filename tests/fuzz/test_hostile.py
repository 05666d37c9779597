"""Hostile surroundings: cells that attack, names that are no text, no network, nothing executed or left over."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.command import environment, ket, process
from tests.fuzz.target import RAW

HEADER = "study,drug,route,outcome,time_days,events,total\n"
POOL = "study,events,total\n"
FORMS = ("table", "csv", "tsv", "json", "ndjson", "markdown", "html")
# what a name may hold: no rule forbids it, so every output has to cope
NAMES = (
    *("[bold red]x[/]", "[link=http://e.org]x", ":bomb:", "<script>alert(1)</script>", "</td><td>", "x--><!--"),
    *("]]>", "$(touch pwned)", "`touch pwned`", "; touch pwned", "{{7*7}}", "%n%s", "${x}", "a|b", "**b**"),
    "![x](y)",
)
# what no name may hold in the flat layout; the pool's own tables are looser and show it harmlessly
CONTROLS = ("\x1b[2J\x1b]0;owned\x07", "a\u202eb", "\u2066x\u2069", "a\x00b"[:1] + "\x9b31m", "\ufeffx")
FORMULAS = ('=HYPERLINK("http://e.org")', "+1+1", "-1+1", "@SUM(1)", "=1+1")


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_names_are_shown_and_nothing_else(
    name: str, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name full of markup, commands and templates is a name in every output of every kind of table."""
    monkeypatch.chdir(tmp_path)
    for command, text in (
        (("rates", "--data", "-"), f"{HEADER}{quoted(name)},ketamine,oral,response,1,3,9\n"),
        (("pool", "-", "--measure", "PLO"), f"{POOL}{quoted(name)},3,9\nB,2,9\n"),
    ):
        result = ket(*command, "--format", form, stdin=text.encode())
        assert result.code == 0, result.err
        assert not RAW.search(result.out)
        if form in ("csv", "json", "ndjson"):
            assert name in result.out.replace('""', '"')
        if form == "html":
            assert name not in result.out or "<" not in name
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", [*CONTROLS, *FORMULAS])
def test_attacks_are_refused_or_made_harmless(name: str, form: str) -> None:
    """Control characters and formulas: an error in the evidence's tables, spelled out or quoted in a pool."""
    row = f"{HEADER}{quoted(name)},ketamine,oral,response,1,3,9\n"
    assert ket("rates", "--data", "-", "--format", form, stdin=row.encode()).code == 1
    result = ket(
        "pool", "-", "--measure", "PLO", "--format", form, stdin=f"{POOL}{quoted(name)},3,9\nB,2,9\n".encode()
    )
    assert result.code == 0, result.err
    assert not RAW.search(result.out)
    if form in ("csv", "tsv"):
        cells = [cell for line in result.out.splitlines() for cell in line.split("," if form == "csv" else "\t")]
        assert not [cell for cell in cells if cell.lstrip('"').startswith(("=", "@"))]


@pytest.mark.parametrize("command", [("rates", "--data", "-"), ("check", "-"), ("pool", "-")], ids=" ".join)
def test_ten_megabytes_in_one_cell(command: tuple[str, ...]) -> None:
    """A huge cell is named by its line within a moment, and not printed."""
    text = f"study,events,total\n{'x' * 10_000_000},3,9\n"
    result = ket(*command, "--csv", stdin=text.encode())
    assert result.code == 1
    assert "huge-field" in result.out + result.err
    assert len(result.out) + len(result.err) < 2000


def test_file_whose_name_is_no_text(tmp_path: Path) -> None:
    """A name of arbitrary bytes is read, told and written about."""
    file = tmp_path / os.fsdecode(b"\xff\xfe.csv")
    try:
        file.write_text("study;drug;outcome;day;events;total\nA;ketamine;response;1;3;9\n")
    except OSError:
        pytest.skip("this file system has no such names")
    for form in ("table", "json", "markdown", "html"):
        assert ket("rates", "--data", str(file), "--format", form).code == 0
        target = tmp_path / f"out-{form}.txt"
        assert ket("rates", "--data", str(file), "--format", form, "-o", str(target)).code == 0
        assert target.stat().st_size > 0
    absent = process("rates", "--data", str(file) + "x")
    assert (absent.code, "[no-file]" in absent.err, "Traceback" in absent.err) == (1, True, False)


def test_nothing_reaches_for_the_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No command opens a socket, whatever addresses the data name."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    folder = tmp_path / "mine"
    for command in (
        ("data", "new", str(folder)),
        ("check", str(folder)),
        ("rates", "--data", str(folder), "--sources", "--format", "html"),
        ("data", "export", "--to", "package", "--data", str(folder), "-o", str(tmp_path / "out")),
        ("data", "diff", str(folder), str(tmp_path / "out")),
        ("report", str(tmp_path / "page.html"), "--data", str(folder), "--no-pictures"),
    ):
        assert ket(*command).code == 0


def test_no_temporary_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where results are written nor in the folder for temporary files anything stays."""
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    place = tmp_path / "place"
    place.mkdir()
    for command in (
        ("rates", "--csv", "-o", str(place / "a.csv")),
        ("data", "new", str(place / "mine")),
        ("data", "export", "-o", str(place / "a.sqlite")),
        ("data", "export", "--to", "package", "-o", str(place / "out")),
        ("rates", "--drug", "x", "-o", str(place / "b.csv")),
    ):
        ket(*command, env={"TMPDIR": str(tmp_path)})
    assert sorted(path.name for path in place.iterdir()) == ["a.csv", "a.sqlite", "mine", "out"]
    assert [path.name for path in tmp_path.iterdir()] == ["place"]


@pytest.mark.skipif(sys.platform != "linux", reason="streams are closed as a shell on Linux does it")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_traceback(closed: str) -> None:
    """A program started without one of its streams ends with an answer or an error."""
    for command in ("rates --csv -q", "rates --data -", "check -", "pool -"):
        run = subprocess.run(
            ["bash", "-c", f"{sys.executable} -m ketcli {command} {closed}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment(),
            check=False,
            timeout=60,
        )
        assert run.returncode in (0, 1, 2)
        assert b"Traceback" not in run.stderr
