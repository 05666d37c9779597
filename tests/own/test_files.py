"""Writing: whole or not at all, one writer at a time, nothing left over, clear words when it cannot be done."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ketcli import files
from ketcli.errors import InputError
from ketcli.files import keep_backup, only_writer, write_file, write_files, write_folder
from tests.command import environment, ket


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_new_and_old_files_are_written(tmp_path: Path) -> None:
    """A new file has the usual permissions, an old one keeps its own, and nothing else is left."""
    new, old = tmp_path / "new.csv", tmp_path / "old.csv"
    old.write_text("before")
    old.chmod(0o640)
    before = os.umask(0o022)
    try:
        write_files({new: b"1", old: b"2"})
    finally:
        os.umask(before)
    assert (new.read_bytes(), old.read_bytes()) == (b"1", b"2")
    assert (new.stat().st_mode & 0o777, old.stat().st_mode & 0o777) == (0o644, 0o640)
    assert names(tmp_path) == ["new.csv", "old.csv"]


def test_link_keeps_pointing(tmp_path: Path) -> None:
    """Writing to a link writes to its file; the link stays a link."""
    target, link = tmp_path / "data.csv", tmp_path / "link.csv"
    target.write_text("before")
    link.symlink_to(target)
    write_file(link, "after")
    assert link.is_symlink()
    assert target.read_text() == "after"


def test_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """`-o /dev/null` writes there; a pipe gets the bytes; neither becomes a file."""
    write_file(Path("/dev/null"), "x")
    assert Path("/dev/null").is_char_device()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    write_file(pipe, b"bytes")
    reader.join(10)
    assert (got, pipe.is_fifo()) == ([b"bytes"], True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_full_device_is_one_clear_error(tmp_path: Path) -> None:
    """No room is told with its reason, on the way to a file and to standard output."""
    with pytest.raises(InputError) as caught:
        write_file(Path("/dev/full"), b"x" * 100_000)
    assert (caught.value.code, "No space left" in caught.value.message) == ("cannot-write", True)
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(
            [sys.executable, "-m", "ketcli", "rates", "--csv", "-q"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            check=False,
            timeout=60,
        )
    assert run.returncode == 1
    lines = run.stderr.decode().splitlines()
    assert lines[0] == "ket: error: standard output cannot be written: No space left on device [cannot-write]"
    assert len(lines) == 2


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_failure_leaves_the_old_files_and_nothing_else(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever fails on the way, what was there is there, whole, and no half-written file is left."""
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("one")
    second.write_text("two")

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(
        *{"write": (os, "fdopen"), "fsync": (os, "fsync"), "replace": (Path, "replace")}[step], fail
    )
    with pytest.raises(InputError) as caught:
        write_files({first: b"1", second: b"2"})
    monkeypatch.undo()
    assert caught.value.code == "cannot-write"
    assert (first.read_text(), second.read_text()) == ("one", "two")
    assert names(tmp_path) == ["a.csv", "b.csv"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signal_in_the_middle_leaves_the_old_file(number: signal.Signals, tmp_path: Path) -> None:
    """A process told to stop while it writes leaves the old file whole and no temporary file."""
    target = tmp_path / "data.csv"
    target.write_text("before")
    program = (
        "import os, sys, time\nfrom pathlib import Path\nfrom ketcli import files\n"
        "def slow(handle):\n    print('writing', flush=True)\n    time.sleep(20)\n"
        "os.fsync = slow\n"
        f"files.write_file(Path({str(target)!r}), 'after')\n"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment()
    )
    assert run.stdout is not None
    assert run.stdout.readline() == b"writing\n"
    run.send_signal(number)
    run.wait(15)
    run.stdout.close()
    assert run.returncode != 0
    assert (target.read_text(), names(tmp_path)) == ("before", ["data.csv"])


def test_signals_mean_again_what_they_meant(tmp_path: Path) -> None:
    """After writing, the handlers of the process are its own again."""
    before = signal.getsignal(signal.SIGTERM)
    write_file(tmp_path / "a", "x")
    assert signal.getsignal(signal.SIGTERM) is before


def test_writing_from_a_thread(tmp_path: Path) -> None:
    """Signals can be caught in the main thread alone; elsewhere writing works all the same."""
    worker = threading.Thread(target=write_file, args=(tmp_path / "a", "x"))
    worker.start()
    worker.join(10)
    assert (tmp_path / "a").read_text() == "x"


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder in the place of a file, a missing parent, a file in the place of a parent: one clear error each."""
    (tmp_path / "file").write_text("x")
    for target, code in (
        (tmp_path, "output-is-folder"),
        (tmp_path / "no" / "file.csv", "cannot-write"),
        (tmp_path / "file" / "file.csv", "cannot-write"),
        (tmp_path / ("x" * 300), "cannot-write"),
    ):
        with pytest.raises(InputError) as caught:
            write_file(target, "x")
        assert (caught.value.code, bool(caught.value.hint)) == (code, True)
    assert names(tmp_path) == ["file"]


@contextmanager
def without_rights() -> Iterator[Path]:
    """A folder of which nothing may be written and one file not be read, by whoever runs the tests."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ket("data", "new", str(folder / "mine"))
        (folder / "secret.csv").write_text("study,events\n")
        for command in (("check", str(folder / "mine")), ("rates", "--csv"), ("data", "export", "--to", "metafor")):
            assert ket(*command).code == 0  # everything is loaded before rights are given up
        assert ket("data", "export", "--to", "package", "-o", str(folder / "out")).code == 0
        shutil.rmtree(folder / "out")
        (folder / "secret.csv").chmod(0o000)
        (folder / "mine").chmod(0o555)
        folder.chmod(0o555)
        root = os.geteuid() == 0
        try:
            if root:
                os.seteuid(65534)
            yield folder
        finally:
            if root:
                os.seteuid(0)
            folder.chmod(0o755)
            (folder / "mine").chmod(0o755)


def test_missing_permissions_are_told() -> None:
    """A folder that is not ours, a file that may not be read: the reason is the system's own, nothing is left."""
    with without_rights() as folder:
        results = {
            "cannot-write": [
                ket("rates", "--csv", "-o", str(folder / "out.csv")),
                ket("data", "new", str(folder / "new")),
                ket("data", "export", "--to", "metafor", "-o", str(folder / "out.csv")),
                ket("data", "export", "--to", "package", "-o", str(folder / "out")),
            ],
            "no-file": [
                ket("rates", "--data", str(folder / "secret.csv")),
                ket("check", str(folder / "secret.csv")),
            ],
        }
        left = names(folder)
    for code, answers in results.items():
        for answer in answers:
            assert (answer.code, answer.out) == (1, "")
            assert f"[{code}]" in answer.err
            assert "permission denied" in answer.err.lower()
    assert left == ["mine", "secret.csv"]


def test_backups_are_never_replaced(tmp_path: Path) -> None:
    """Each backup gets a name of its own."""
    file = tmp_path / "a.csv"
    for text in ("one", "two", "three"):
        file.write_text(text)
        keep_backup(file)
    assert [(tmp_path / n).read_text() for n in ("a.csv.bak", "a.csv.bak2", "a.csv.bak3")] == [
        "one",
        "two",
        "three",
    ]


def test_folder_is_made_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure halfway leaves no half-filled folder."""

    def fail(self: Path, _: bytes) -> int:
        if self.name == "b":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return 0

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(InputError):
        write_folder(tmp_path / "new", {"a": b"1", "b": b"2"})
    assert names(tmp_path) == []


def test_second_writer_waits(tmp_path: Path) -> None:
    """While one holds the lock another waits, and goes on when it is free; the lock leaves no file."""
    order: list[str] = []

    def second() -> None:
        with only_writer(tmp_path):
            order.append("second")

    with only_writer(tmp_path):
        worker = threading.Thread(target=second)
        worker.start()
        time.sleep(0.2)
        order.append("first")
    worker.join(10)
    assert order == ["first", "second"]
    assert names(tmp_path) == []


def test_patience_ends(tmp_path: Path) -> None:
    """A lock that is never given up is an error, not a wait for ever."""
    with only_writer(tmp_path), pytest.raises(InputError) as caught, only_writer(tmp_path, patience=0.1):
        pass
    assert caught.value.code == "locked"
    assert files.PATIENCE > 1
