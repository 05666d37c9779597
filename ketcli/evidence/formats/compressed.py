"""Compressed files: gzip and Zstandard, expanded up to the limit of a table."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import BinaryIO, cast

from ketcli.errors import InputError
from ketcli.evidence.formats.extras import need
from ketcli.evidence.intake import read_stream, too_large

_GZIP = b"\x1f\x8b"
_ZSTANDARD = b"\x28\xb5\x2f\xfd"


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
            return read_stream(cast(BinaryIO, stream), name)
    except (OSError, EOFError, zlib.error) as error:
        raise _broken(name, "gzip", str(error)) from None


def _unzstd(content: bytes, name: str) -> bytes:
    zstandard = need("zstandard", "zstd", f"reading {name}")
    try:
        with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content), read_across_frames=True) as stream:
            return read_stream(cast(BinaryIO, stream), name)
    except zstandard.ZstdError as error:
        raise _broken(name, "Zstandard", str(error)) from None
    except MemoryError:  # a frame that asks for a window beyond all measure
        raise too_large(name) from None


def _broken(name: str, kind: str, reason: str) -> InputError:
    return InputError(
        f"{name} is a damaged {kind} file: {reason.lower()}",
        code="broken-archive",
        hint="fetch or compress it again",
    )
