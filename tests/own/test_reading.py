"""The forms in which people's files come: encodings, delimiters, compression, pipes, and a limit to their size."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ketcli.errors import InputError, UsageError
from ketcli.evidence import intake
from ketcli.evidence.formats.anyfile import read_any
from ketcli.evidence.grid import Grid
from tests.command import environment, ket

TEXT = "study;drug;outcome;day;events;total\nMüller 2001;ketamine;response;1;9;18\n"
ROWS = [["Müller 2001", "ketamine", "response", "1", "9", "18"]]


def grid(content: bytes, name: str = "t.csv") -> Grid:
    return read_any(content, name)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"]
)
def test_usual_encodings_are_read(encoding: str) -> None:
    """Unicode as it is, UTF-16 without its mark, and the old Western encoding."""
    assert grid(TEXT.encode(encoding)).rows == ROWS


def test_old_encoding_is_told_with_a_word_to_judge_by() -> None:
    """A guess without a word would turn names into others: the note quotes what was read, and where."""
    (note,) = (n for n in grid(TEXT.encode("latin-1")).notes if "Windows-1252" in n)
    assert "line 2 says 'Müller 2001'" in note
    assert not [n for n in grid(TEXT.encode()).notes if "Windows-1252" in n]


@pytest.mark.parametrize("byte", [0x81, 0x8D, 0x8F, 0x90, 0x9D])
def test_bytes_without_a_meaning_are_refused(byte: int) -> None:
    """A byte that the old encoding does not have means that the file is in yet another one."""
    with pytest.raises(InputError) as caught:
        grid(TEXT.encode("latin-1").replace(b"\xfc", bytes([byte])))
    assert caught.value.code == "encoding"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_usual_delimiters_are_told_by_the_header(delimiter: str) -> None:
    """Commas, semicolons, tabs and vertical bars; the header decides, not the cells."""
    assert grid(TEXT.replace(";", delimiter).encode()).rows == ROWS


def test_line_that_names_the_delimiter() -> None:
    """A spreadsheet's `sep=;` is no header, and the lines below it keep their numbers."""
    read = grid(b"sep=;\r\n" + TEXT.encode())
    assert (read.header[0], read.rows, read.lines) == ("study", ROWS, [3])


def test_gzip_is_expanded() -> None:
    """A compressed file is read as the file in it, under its own name in messages."""
    assert grid(gzip.compress(TEXT.encode()), "t.csv.gz").rows == ROWS


def test_damaged_gzip_is_refused() -> None:
    """Half a file must not be pooled as a whole one."""
    content = gzip.compress(TEXT.encode() * 50)
    for broken in (content[:-10], content[:40], content[:12] + b"\x00" * 20 + content[32:]):
        with pytest.raises(InputError) as caught:
            grid(broken, "t.csv.gz")
        assert caught.value.code == "broken-archive"


def test_size_is_limited_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, a pipe and a small archive of a huge file stop at the limit."""
    monkeypatch.setattr(intake, "LIMIT", 1000)
    file = tmp_path / "big.csv"
    file.write_bytes(b"study,events\n" + b"x,1\n" * 400)
    with pytest.raises(InputError) as caught:
        intake.read_bytes(file)
    assert caught.value.code == "too-large"
    with pytest.raises(InputError) as caught:
        intake.read_stream(io.BytesIO(file.read_bytes()), "standard input")
    assert caught.value.code == "too-large"
    with pytest.raises(InputError) as caught:
        grid(gzip.compress(b"study,events\n" + b"x,1\n" * 10_000), "bomb.csv.gz")
    assert caught.value.code == "too-large"
    assert len(intake.read_stream(io.BytesIO(b"x" * 1000), "t")) == 1000


def test_endless_input_ends_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that never ends is refused, not waited for."""
    monkeypatch.setattr(intake, "LIMIT", 100_000)
    result = ket("rates", "--data", "/dev/zero")
    assert result.code == 1
    assert "[too-large]" in result.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_named_pipes_are_read(tmp_path: Path) -> None:
    """`--data <(zcat mine.csv.gz)` gives a pipe by name."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(TEXT.encode(),))
    writer.start()
    result = ket("rates", "--data", str(pipe), "--csv")
    writer.join(10)
    assert (result.code, result.out.count("\n")) == (0, 2)


@pytest.mark.parametrize("name", ["x" * 300, "a\x00b", "nowhere.csv", "nowhere.csv#part", "/dev/null/x"])
def test_names_of_no_file_are_one_clear_error(name: str) -> None:
    """Whatever is typed as a path, the answer is an error with its code."""
    for command in (("rates", "--data", name), ("check", name)):
        result = ket(*command)
        assert (result.code, result.out) == (1, "")
        assert "[no-file]" in result.err


def test_parts_are_for_files_that_have_them(tmp_path: Path) -> None:
    """A part of a plain CSV is a misunderstanding; a file whose name holds a hash is itself."""
    with pytest.raises(UsageError) as caught:
        grid(TEXT.encode(), "t.csv#Trials")
    assert caught.value.code == "unknown-part"
    file = tmp_path / "trial#2.csv"
    file.write_bytes(TEXT.encode())
    assert ket("rates", "--data", str(file), "--csv").code == 0


def test_rows_are_limited_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short rows take little room to store and much to pool: their number has a limit of its own."""
    monkeypatch.setattr("ketcli.evidence.grid.ROWS", 3)
    rows = b"study,events\n" + b"A,1\n" * 3
    assert len(grid(rows).rows) == 3
    with pytest.raises(InputError) as caught:
        grid(rows + b"A,1\n")
    assert caught.value.code == "too-large"


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory is set as Linux has it")
@pytest.mark.parametrize("command", ["rates --data {}", "check {}", "pool {}", "data diff {}"])
def test_a_gigabyte_is_refused_within_little_memory(command: str, tmp_path: Path) -> None:
    """A file of 1 GB is refused at once by a process that may not have a quarter of it."""
    file = tmp_path / "big.csv"
    file.write_bytes(TEXT.encode() * 1000)
    os.truncate(file, 1024**3)  # the rest takes no room on the disk
    words = [word.format(file) for word in command.split()]
    program = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (256 * 1024**2, 256 * 1024**2))\n"
        f"sys.argv = ['ket', *{words!r}]\n"
        "from ketcli.__main__ import main\nmain()\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, check=False, timeout=60
    )
    assert run.returncode == 1
    assert b"too-large" in run.stderr + run.stdout
    assert b"Traceback" not in run.stderr


@pytest.mark.parametrize("command", [("rates",), ("data", "show", "outcomes"), ("data", "diff")], ids=" ".join)
def test_one_table_of_a_folder_is_no_dataset(command: tuple[str, ...], tmp_path: Path) -> None:
    """A table without the studies and arms it refers to is told as such, not read as an empty answer."""
    ket("data", "new", str(tmp_path / "mine"))
    file = str(tmp_path / "mine" / "outcomes.csv")
    result = ket(*command, *(("--data", file) if command != ("data", "diff") else (file,)))
    assert (result.code, result.out) == (1, "")
    assert "[missing-table]" in result.err
    assert ket("check", file).code == 0
