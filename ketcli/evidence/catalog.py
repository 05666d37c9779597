"""Where the data are: what was asked for, else the environment, else the package, else the checkout."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ketcli.errors import InputError
from ketcli.evidence.intake import given_path, is_there, read_bytes
from ketcli.evidence.schema import TABLES

ENVIRONMENT_VARIABLE = "KET_DATA"
STDIN = "-"
PACKAGE_FILE = "datapackage.json"
_HERE = Path(__file__).resolve().parent
SHIPPED = (_HERE.parent / "data", _HERE.parent.parent / "data")


@dataclass(frozen=True)
class Location:
    """A folder of tables, a single CSV file, or the bytes of one; `shipped` data have been checked by tests."""

    name: str
    path: Path | None = None
    content: bytes | None = None
    shipped: bool = False

    @property
    def single(self) -> bool:
        """Whether this is one flat CSV instead of a folder of tables."""
        return self.content is not None


def locate(
    data: str | None,
    environment: Mapping[str, str],
    read_stdin: Callable[[], bytes] | None = None,
) -> Location:
    """Return where to read from: `data` (a folder, a file, "-"), else $KET_DATA, else the data of the package.

    Raises InputError: `no-file` for a path that is not there or cannot be read, `no-tables` for a folder without
    any known table.
    """
    given = data or environment.get(ENVIRONMENT_VARIABLE, "")
    if given == STDIN and read_stdin is not None:
        return Location("standard input", content=read_stdin())
    if given:
        return _at(given, "" if data else f" (from {ENVIRONMENT_VARIABLE})")
    for folder in SHIPPED:
        if tables_in(folder):
            return Location("data of ket", folder, shipped=True)
    raise InputError(
        "the data that belong to ket are missing from this installation",
        code="no-tables",
        hint="install ket again, or name a folder of tables with --data",
    )


def tables_in(folder: Path) -> tuple[str, ...]:
    """Return the names of the known tables in a folder, in the order of the schema.

    Raises InputError `no-file` for a folder that may not be looked into.
    """
    return tuple(name for name in TABLES if is_there(folder / f"{name}.csv", stat.S_ISREG))


def data_version(folder: Path) -> str:
    """Return the version of the data package in a folder, "" when it has none."""
    file = folder / PACKAGE_FILE
    if not file.is_file():
        return ""
    try:
        package = json.loads(read_bytes(file))
    except ValueError as error:
        raise InputError(
            f"{file} is not JSON: {error}", code="broken-package", hint="delete it or write it again"
        ) from None
    return str(package.get("version", "")) if isinstance(package, dict) else ""


def fingerprint(location: Location) -> str:
    """Return the SHA-256 of the tables, by which two people can tell that they used the same data."""
    digest = hashlib.sha256()
    if location.path is None or location.content is not None:
        digest.update(location.content or b"")
        return digest.hexdigest()
    for name in tables_in(location.path):
        digest.update(name.encode() + b"\0")
        digest.update(read_bytes(location.path / f"{name}.csv"))
    return digest.hexdigest()


def _at(given: str, origin: str) -> Location:
    """Return the location at a path given by the user (with #PART of a file that has parts), or raise why not."""
    path = given_path(given)
    if not is_there(path):
        raise InputError(
            f"no file or folder {path}{origin}",
            code="no-file",
            hint="--data takes a folder of tables, a CSV file, or - for standard input",
        )
    if not is_there(path, stat.S_ISDIR):  # named pipes, as from <(zcat FILE), are read like files
        return Location(given, path, content=read_bytes(path))
    if not tables_in(path):
        raise InputError(
            f"no tables in {path}{origin}",
            code="no-tables",
            hint="a folder of data holds studies.csv, arms.csv, outcomes.csv and others by these names",
        )
    return Location(given, path)
