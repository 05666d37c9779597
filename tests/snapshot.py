"""What people read, kept as files and compared letter by letter; KET_UPDATE_SNAPSHOTS=1 writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "snapshots"


def assert_snapshot(name: str, text: str) -> None:
    """Compare `text` with tests/snapshots/NAME; a missing file fails unless snapshots are being updated."""
    file = FOLDER / name
    if os.environ.get("KET_UPDATE_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.exists(), f"no snapshot {name}: run with KET_UPDATE_SNAPSHOTS=1 and read what it writes"
    assert file.read_text(encoding="utf-8") == text
