"""Fixtures: the shipped evidence, and small datasets of a test's own."""

from __future__ import annotations

import csv
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from ketcli.evidence.load import Evidence
from ketcli.evidence.schema import TABLES


def pytest_configure() -> None:
    """Heed Ctrl-C: a shell that starts the tests in the background has them, and what they start, ignore it."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shipped() -> Evidence:
    """The bundled data, opened once."""
    return Evidence.open()


Rows = Sequence[Mapping[str, object]]
MakeDataset = Callable[..., Path]


@pytest.fixture
def make_dataset(tmp_path: Path) -> MakeDataset:
    """Write a folder of tables from rows; columns not given stay empty."""

    def make(**tables: Rows) -> Path:
        folder = tmp_path / "dataset"
        folder.mkdir(exist_ok=True)
        for name, rows in tables.items():
            columns = TABLES[name].columns
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
        return folder

    return make
