"""Compressed files: gzip and Zstandard, expanded up to the limit of a table."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import BinaryIO, cast

from ketcli.errors import InputError
from ketcli.evidence import intake
from ketcli.evidence.formats.extras import need

_GZIP = b"\x1f\x8b"
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_STEP = 256


def expand(content: bytes, name: str) -> bytes:
    """Return what a gzip or Zstandard file holds, anything else as it is.

    Raises InputError: `broken-archive` for a damaged file, `too-large` for one that expands beyond the limit,
    `missing-extra` for Zstandard without its library.
    """
    if content.startswith(_GZIP):
        return _gunzip(content, name)
    return _unzstd(content, name) if content.startswith(_ZSTANDARD) else content


def _gunzip(content: bytes, name: str) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            return intake.read_stream(cast(BinaryIO, stream), name)
    except (OSError, EOFError, zlib.error) as error:
        raise _broken(name, "gzip", str(error)) from None


def _unzstd(content: bytes, name: str) -> bytes:
    """Expand every frame, a few bytes at a time: each may stand for a hundred thousand times as many."""
    zstandard = need("zstandard", "zst", f"reading {name}")
    text = bytearray()
    try:
        rest = content
        while rest:
            frame = zstandard.ZstdDecompressor().decompressobj()
            for start in range(0, len(rest), _STEP):
                text += frame.decompress(rest[start : start + _STEP])
                if len(text) > intake.LIMIT:
                    raise intake.too_large(name)
                if frame.eof:
                    rest = frame.unused_data + rest[start + _STEP :]
                    break
            else:
                raise _broken(name, "Zstandard", "it breaks off")
    except zstandard.ZstdError as error:
        raise _broken(name, "Zstandard", str(error)) from None
    return bytes(text)


def _broken(name: str, kind: str, reason: str) -> InputError:
    return InputError(
        f"{name} is a damaged {kind} file: {reason.lower()}",
        code="broken-archive",
        hint="fetch or compress it again",
    )
