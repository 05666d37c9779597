"""Addresses in data that a reader may follow."""

from __future__ import annotations

from urllib.parse import urlsplit

from ketcli.wording import one_line

NO_PAGE = "no page given"


def page_text(text: str) -> str:
    """Return where a number was read as text, in words when the data do not say."""
    return one_line(text) or NO_PAGE


def web_address(text: str) -> str:
    """Return an address that a page may link to, "" for anything but http and https."""
    address = one_line(text)
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    strange = set(address) & set(' <>"\\')
    return address if parts.scheme in ("http", "https") and parts.netloc and not strange else ""
