"""Bytes to text: UTF-8, with or without a mark, and marked UTF-16; on request Windows-1252, said aloud."""

from __future__ import annotations

import codecs
import re

from ketcli.errors import InputError
from ketcli.evidence.cells import shown

_ARCHIVES = {
    b"PK\x03\x04": "a zip file, as spreadsheets are",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip file",
    b"PAR1": "a Parquet file",
}
_UNUSUAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_FOREIGN_WORD = re.compile(r"[^\s,;|\"]*[^\x00-\x7f\s,;|\"][^\s,;|\"]*(?: [^\s,;|\"]+)?")


def decode(content: bytes, name: str, *, legacy: bool = False) -> tuple[str, tuple[str, ...]]:
    """Return the text of a file called `name` in messages, and what is to be said about its reading.

    `legacy` reads text that is not UTF-8 as Windows-1252, the usual encoding of old Western spreadsheets and a
    wider Latin-1, when every byte has a printable meaning in it; the note quotes a word by which to judge.

    Raises InputError: `empty-file` without any text, `binary` for NUL bytes and known binary formats,
    `encoding` for text that is in none of these.
    """
    for start, what in _ARCHIVES.items():
        if content.startswith(start):
            raise InputError(
                f"{name} is {what}, not a CSV file", code="binary", hint="export the sheet as CSV UTF-8"
            )
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    notes: tuple[str, ...] = ()
    if encoding == "utf-8-sig" and b"\x00" in content:
        encoding = _unmarked(content) if legacy else ""
        if not encoding:
            raise _nul(name)
        notes = (f"{name}: read as UTF-16, though it is not marked as such",)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        old = _windows(content) if legacy and not encoding.startswith("utf-16") else None
        if old is None:
            raise _not_utf8(content, name, encoding, error) from None
        text, notes = old, (_said(old, content, name, error),)
    if "\x00" in text:
        raise _nul(name)
    if not text.strip():
        raise InputError(f"{name} is empty", code="empty-file", hint="a header line is the least it needs")
    return text, notes


def _unmarked(content: bytes) -> str:
    """Return which UTF-16 text without its mark is, by the empty halves of Latin characters; "" for neither."""
    for encoding, empty, held in (
        ("utf-16-le", content[1::2], content[::2]),
        ("utf-16-be", content[::2], content[1::2]),
    ):
        if len(content) % 2 == 0 and 10 * empty.count(0) > 9 * len(empty) and not held.count(0):
            return encoding
    return ""


def _windows(content: bytes) -> str | None:
    """Return the text in Windows-1252, None when a byte has no printable meaning there."""
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        return None
    return None if _UNUSUAL.search(text) else text


def _said(text: str, content: bytes, name: str, error: UnicodeDecodeError) -> str:
    line = content.count(b"\n", 0, error.start) + 1
    found = _FOREIGN_WORD.search(text, max(0, error.start - 60))
    word = shown(found[0], 40) if found else ""
    return (
        f"{name}: not UTF-8, read as Windows-1252 (Latin-1), where line {line} says {word}; if that is wrong, "
        "save the file as CSV UTF-8."
    )


def _nul(name: str) -> InputError:
    return InputError(
        f"{name} holds NUL characters: it is a binary file, or UTF-16 without a byte order mark",
        code="binary",
        hint="export it as CSV UTF-8",
    )


def _not_utf8(content: bytes, name: str, encoding: str, error: UnicodeDecodeError) -> InputError:
    line = content.count(b"\n", 0, error.start) + 1
    where = f"byte {error.start} (line {line})"
    if encoding.startswith("utf-16"):
        return InputError(
            f"{name} is marked as UTF-16 but breaks off at {where}", code="encoding", hint="export it as CSV UTF-8"
        )
    return InputError(
        f"{name} is not UTF-8: {where} is 0x{content[error.start]:02x}",
        code="encoding",
        hint="if it comes from Excel, run: iconv -f WINDOWS-1252 -t UTF-8 old.csv > new.csv",
    )
