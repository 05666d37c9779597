"""The bytes of a file somebody names, or a clear word on why they cannot be had."""

from __future__ import annotations

import stat

from ketcli.errors import InputError
from ketcli.evidence.intake import given_path, is_there, read_bytes


def read_file(name: str) -> bytes:
    """Return the content of a file (of FILE#PART too); InputError for a folder, and what cannot be read."""
    path = given_path(name)
    if is_there(path, stat.S_ISDIR):
        raise InputError(f"{name} is a folder", code="no-file", hint="name a CSV file in it")
    return read_bytes(path)
