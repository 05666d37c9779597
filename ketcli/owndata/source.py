"""The bytes of a file somebody names, or a clear word on why they cannot be had."""

from __future__ import annotations

from pathlib import Path

from ketcli.errors import InputError


def read_file(name: str) -> bytes:
    """Return the content of a file; InputError when it is a folder, is not there or cannot be read."""
    path = Path(name)
    if path.is_dir():
        raise InputError(f"{name} is a folder", code="no-file", hint="name a CSV file in it")
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"cannot read {name}: {reason.lower()}", code="no-file", hint="check the path and its permissions"
        ) from None
