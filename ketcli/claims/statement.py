"""A statement with a number or a direction, as the tables or a reader's file give it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ketcli.claims.check import Check, parse


@dataclass(frozen=True)
class Statement:
    """What somebody says, the quantity said (None where there is none), and how it is checked."""

    claim_id: str
    section: str
    text: str
    quantity: str
    low: float | None
    high: float | None
    unit: str
    population: str
    outcome: str
    timeframe: str
    likely_source: str
    recorded: str
    note: str
    evidence_ids: tuple[str, ...]
    check: str
    checks: tuple[Check, ...]
    source_url: str

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Return the ends of what is claimed, open ones infinite; shares as 0-1, None without a quantity."""
        if self.low is None and self.high is None:
            return None
        scale = 0.01 if self.unit == "percent" else 1.0
        low = -float("inf") if self.low is None else self.low * scale
        high = float("inf") if self.high is None else self.high * scale
        return low, high

    @property
    def claimed(self) -> str:
        """Return the quantity claimed in words: 50–75 %, 2000."""
        ends = [f"{end:g}" for end in dict.fromkeys((self.low, self.high)) if end is not None]
        if not ends:
            return self.quantity
        text = "–".join(ends)
        if self.low is None or self.high is None:
            text = f"{'at most' if self.low is None else 'at least'} {text}"
        unit = "%" if self.unit == "percent" else "" if self.unit in ("year", "decade") else self.unit
        return f"{text} {unit}".strip()


def of_row(row: Mapping[str, Any]) -> Statement:
    """Return the statement of a row of claims; UsageError when its check cannot be read."""
    return Statement(
        claim_id=row["claim_id"],
        section=row["section"],
        text=row["statement_in_own_words"],
        quantity=row["quantity"],
        low=row["low"],
        high=row["high"],
        unit=row["unit"],
        population=row["population"],
        outcome=row["outcome"],
        timeframe=row["timeframe"],
        likely_source=row["likely_source_study"],
        recorded=row["verdict"],
        note=row["evidence_note"],
        evidence_ids=tuple(row["evidence_ids"].split()),
        check=row["check"],
        checks=parse(row["check"]),
        source_url=row["source_url"],
    )
