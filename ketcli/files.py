"""Files written whole or not at all, several at once in a sound order, and by one writer at a time."""

from __future__ import annotations

import errno
import glob
import os
import signal
import stat
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from ketcli.errors import InputError

PATIENCE = 30.0  # seconds to wait for another writer
_STOPPING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: a temporary file beside it, then a rename over it.

    A device or a pipe is written to as it is, a symbolic link keeps pointing at its file. Raises InputError
    `output-is-folder` and `cannot-write`; whatever stops the writing, the old file stays and nothing is left over.
    """
    with _as_input_error(path):
        folder = path.is_dir()
    if folder:
        raise InputError(f"{path}: is a folder", code="output-is-folder", hint="name a file to write")
    # a name of a file that is no text in its encoding is spelled out, as on standard output
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    if _is_stream(path):
        _write_stream(path, data)
    else:
        write_files({path: data})


def write_files(contents: Mapping[Path, bytes]) -> None:
    """Write several files: all of them aside first, then one rename after the other in the order given.

    When the disk is full or a folder cannot be written nothing has changed. An interruption between two renames
    leaves the first files new and the others old, so the order must make sense at every step.
    """
    waiting: dict[Path, Path] = {}
    with _clean_stop():
        try:
            for path, data in contents.items():
                target = _followed(path)
                with _as_input_error(path):
                    waiting[target] = _aside(target, data)
            for target, part in tuple(waiting.items()):
                with _as_input_error(target):
                    part.replace(target)
                del waiting[target]
        finally:
            for part in waiting.values():
                with suppress(OSError):
                    part.unlink()


def remove_leftovers(paths: Iterable[Path]) -> None:
    """Remove what killed writers of these files left beside them; for the holder of the folder's lock alone."""
    for path in map(_followed, paths):
        for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
            with suppress(OSError):
                part.unlink()


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Make a folder with these files, all of it or nothing: filled under another name beside it, then renamed.

    An empty folder that is there stays the one it is, for somebody may stand in it: its files are put in. Raises
    InputError `folder-exists` for a place that is taken otherwise, `cannot-write` for one that cannot be written.
    """
    import tempfile

    folder = _followed(folder)
    with _as_input_error(folder):
        taken = folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))
    if taken:
        raise InputError(
            f"{folder} exists already and is not an empty folder",
            code="folder-exists",
            hint="name a folder that does not exist yet",
        )
    if folder.exists():
        write_files({folder / file: data for file, data in contents.items()})
        return
    with (
        _clean_stop(),
        _as_input_error(folder),
        tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.", suffix=".part") as name,
    ):
        filled = Path(name) / "filled"
        filled.mkdir()
        for file, data in contents.items():
            (filled / file).write_bytes(data)
        filled.replace(folder)


def keep_backup(path: Path) -> Path:
    """Copy a file beside itself as NAME.bak, NAME.bak2 ... (an older backup is never replaced) and return where."""
    number = 1
    while (backup := path.with_name(f"{path.name}.bak{number if number > 1 else ''}")).exists():
        number += 1
    with _as_input_error(backup):
        content = path.read_bytes()
    write_file(backup, content)
    return backup


@contextmanager
def only_writer(folder: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock of a folder, waiting for another writer; the lock is on the folder itself and leaves no file.

    Raises InputError `cannot-write` when the folder cannot be opened, `locked` when another holds it too long.
    """
    try:
        import fcntl
    except ImportError:  # a system without such locks: renaming still keeps every file whole
        yield
        return
    with _as_input_error(folder):
        handle = os.open(folder, os.O_RDONLY)
    try:
        end = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise InputError(
                        f"{folder} is being written by another program",
                        code="locked",
                        hint="wait until it is done and try again",
                    ) from None
                time.sleep(0.02)
        yield
    finally:
        os.close(handle)


def _is_stream(path: Path) -> bool:
    """Return whether a path is a device, pipe or socket, which a rename would replace instead of writing to it."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _write_stream(path: Path, data: bytes) -> None:
    with _as_input_error(path), path.open("wb") as stream:
        stream.write(data)


def _followed(path: Path) -> Path:
    """Return the file a symbolic link leads to, the path itself otherwise."""
    return path.resolve() if path.is_symlink() else path


def _aside(target: Path, data: bytes) -> Path:
    """Write data to a hidden file beside `target`, with its permissions and owner, and return where.

    PermissionError for a target that is marked as not to be written, which a rename would not mind.
    """
    import tempfile

    there = target.stat() if target.exists() else None
    if there is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if there is not None and hasattr(os, "chown"):
            for user, group in ((-1, there.st_gid), (there.st_uid, -1)):
                with suppress(OSError):  # who may not give a file away keeps it
                    os.chown(part, user, group)
        part.chmod(0o666 & ~_umask() if there is None else there.st_mode & 0o777)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    return part


@contextmanager
def _clean_stop() -> Iterator[None]:
    """Turn signals that would end the process at once into an exit that runs the clean-up first."""

    def stop(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in _STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _as_input_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written: {error.strerror or error}",
            code="cannot-write",
            hint="check that the folder exists, is yours and has room",
        ) from error


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
