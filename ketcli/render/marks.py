"""Which rows are estimates made of several studies or rows, and so never drawn as one study."""

from __future__ import annotations

from ketcli.report import Row

KINDS = ("leave-one-out", "cumulative", "adjusted", "robustness", "moderator", "interaction")


def made_of_several(row: Row) -> bool:
    """Return True for an estimate made of others, by its kind or by the number of its studies `k`."""
    kind, k = str(row.get("kind") or "study"), row.get("k")
    return kind in KINDS or (kind != "study" and isinstance(k, (int, float)) and k > 1)
