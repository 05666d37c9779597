"""Finding the data: the order of places, and errors that say what was looked for."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from ketcli.errors import InputError
from ketcli.evidence import catalog
from ketcli.evidence.intake import read_bytes
from ketcli.evidence.load import Evidence
from tests.evidence.examples import csv_bytes, valid_folder, write_folder

FLAT = b"study,drug,route,outcome,time_days,events,total\nA,ketamine,intravenous,response,1,7,10\n"


def test_shipped_data_are_the_default() -> None:
    """Without argument and environment the data of the package are used, and marked as checked."""
    location = catalog.locate(None, {})
    assert location.shipped
    assert location.path is not None
    assert (location.path / "studies.csv").is_file()


def test_argument_goes_before_environment(tmp_path: Path) -> None:
    """What is asked for on the command line wins over KET_DATA."""
    asked, set_up = write_folder(tmp_path / "a", valid_folder()), write_folder(tmp_path / "b", valid_folder())
    assert catalog.locate(str(asked), {"KET_DATA": str(set_up)}).path == asked
    assert catalog.locate(None, {"KET_DATA": str(set_up)}).path == set_up
    assert not catalog.locate(str(asked), {}).shipped


def test_only_the_given_environment_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process's own environment is not read behind the caller's back."""
    monkeypatch.setitem(os.environ, "KET_DATA", str(tmp_path / "absent"))
    assert catalog.locate(None, {}).shipped


def test_missing_path_from_the_environment_names_the_variable(tmp_path: Path) -> None:
    """A stale KET_DATA is told as such: nothing on the command line would explain the path."""
    with pytest.raises(InputError) as caught:
        catalog.locate(None, {"KET_DATA": str(tmp_path / "absent")})
    assert caught.value.code == "no-file"
    assert "KET_DATA" in caught.value.message


def test_folder_without_tables_is_refused(tmp_path: Path) -> None:
    """A folder without a known table is not an empty dataset but a mistake."""
    (tmp_path / "notes.csv").write_text("a\n1\n")
    with pytest.raises(InputError) as caught:
        catalog.locate(str(tmp_path), {})
    assert caught.value.code == "no-tables"


def test_unreadable_file_is_an_input_error(tmp_path: Path) -> None:
    """A path that cannot be opened as a file is the user's to mend."""
    with pytest.raises(InputError) as caught:
        read_bytes(tmp_path)
    assert caught.value.code == "no-file"


def test_file_and_standard_input_are_single(tmp_path: Path) -> None:
    """A CSV file and standard input are read as one flat table."""
    file = tmp_path / "mine.csv"
    file.write_bytes(FLAT)
    assert catalog.locate(str(file), {}).content == FLAT
    piped = catalog.locate("-", {}, lambda: FLAT)
    assert (piped.single, piped.content, piped.name) == (True, FLAT, "standard input")
    assert not catalog.locate(str(write_folder(tmp_path / "d", valid_folder())), {}).single


def test_standard_input_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--data -` reads the piped bytes; a process without standard input is told so."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FLAT)))
    assert [r["events"] for r in Evidence.open("-").rows("outcomes")] == [7]
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError) as caught:
        Evidence.open("-")
    assert caught.value.code == "no-input"
    assert Evidence.open().location.shipped


def test_version_comes_from_the_data_package(tmp_path: Path) -> None:
    """The version is read from datapackage.json; without one it is empty; a broken one is refused."""
    path = write_folder(tmp_path / "d", valid_folder())
    assert catalog.data_version(path) == ""
    (path / "datapackage.json").write_text('{"version": "2030.1.2"}')
    assert catalog.data_version(path) == "2030.1.2"
    assert Evidence.open(str(path)).version == "2030.1.2"
    (path / "datapackage.json").write_text("{")
    with pytest.raises(InputError) as caught:
        catalog.data_version(path)
    assert caught.value.code == "broken-package"


def test_single_file_has_no_version(tmp_path: Path) -> None:
    """A user's own file does not carry the version of our data."""
    file = tmp_path / "mine.csv"
    file.write_bytes(FLAT)
    assert Evidence.open(str(file)).version == ""


def test_fingerprint_follows_the_content(tmp_path: Path) -> None:
    """The fingerprint is the same for the same tables in another place and changes with any byte."""
    first, second = write_folder(tmp_path / "a", valid_folder()), write_folder(tmp_path / "b", valid_folder())

    def print_of(path: Path) -> str:
        return catalog.fingerprint(catalog.locate(str(path), {}))

    assert print_of(first) == print_of(second)
    (second / "scores.csv").write_bytes(csv_bytes("scores", []))
    assert print_of(first) != print_of(second)
    assert len(print_of(first)) == 64
