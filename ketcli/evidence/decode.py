"""Bytes to text: UTF-8 (with or without a byte order mark) and marked UTF-16; everything else is refused."""

from __future__ import annotations

import codecs

from ketcli.errors import InputError

_ARCHIVES = {
    b"PK\x03\x04": "a zip file, as spreadsheets are",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip file",
    b"PAR1": "a Parquet file",
}


def decode(content: bytes, name: str) -> str:
    """Return the text of a file called `name` in messages.

    Raises InputError: `empty-file` without any text, `binary` for NUL bytes and known binary formats,
    `encoding` for text that is neither UTF-8 nor marked UTF-16.
    """
    for start, what in _ARCHIVES.items():
        if content.startswith(start):
            raise InputError(
                f"{name} is {what}, not a CSV file", code="binary", hint="export the sheet as CSV UTF-8"
            )
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    if encoding == "utf-8-sig" and b"\x00" in content:
        raise _nul(name)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _not_utf8(content, name, encoding, error) from None
    if "\x00" in text:
        raise _nul(name)
    if not text.strip():
        raise InputError(f"{name} is empty", code="empty-file", hint="a header line is the least it needs")
    return text


def _nul(name: str) -> InputError:
    return InputError(
        f"{name} holds NUL characters: it is a binary file, or UTF-16 without a byte order mark",
        code="binary",
        hint="export it as CSV UTF-8",
    )


def _not_utf8(content: bytes, name: str, encoding: str, error: UnicodeDecodeError) -> InputError:
    line = content.count(b"\n", 0, error.start) + 1
    where = f"byte {error.start} (line {line})"
    if encoding == "utf-16":
        return InputError(
            f"{name} is marked as UTF-16 but breaks off at {where}", code="encoding", hint="export it as CSV UTF-8"
        )
    return InputError(
        f"{name} is not UTF-8: {where} is 0x{content[error.start]:02x}",
        code="encoding",
        hint="if it comes from Excel, run: iconv -f WINDOWS-1252 -t UTF-8 old.csv > new.csv",
    )
