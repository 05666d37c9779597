"""One number with its limits, and the small helpers of those that compute it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

NULLS = {"rr": 1.0, "or": 1.0, "hr": 1.0, "rd": 0.0, "smd": 0.0, "md": 0.0}
LIMITS = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")


@dataclass(frozen=True)
class Quantity:
    """One number: of one study, pooled from its `members`, or printed; shares 0-1, ratios and differences as such.

    `measure` is rate, rr, or, rd, smd, md or hr, else the unit of a printed figure; `k` is 0 where the studies are
    not known, `n` counts people, in both arms of a contrast. `time_days` is that of one study, `window` the time in
    words of a pooled line. `side` is where a finding stands on a statement.
    """

    what: str
    measure: str
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    pi_low: float | None = None
    pi_high: float | None = None
    k: int = 1
    n: int | None = None
    events: int | None = None
    total: int | None = None
    control_events: int | None = None
    control_total: int | None = None
    i2: float | None = None
    p: float | None = None
    p_text: str = ""
    model: str = ""
    drug: str = ""
    route: str = ""
    regimen: str = ""
    against: str = ""
    outcome: str = ""
    time_days: float | None = None
    window: str = ""
    study_ids: tuple[str, ...] = ()
    source_url: str = ""
    note: str = ""
    side: str = ""
    printed: bool = False
    members: tuple[Quantity, ...] = ()

    @property
    def shown_time(self) -> float | None:
        """Return the time to write behind `what`; contrasts of arms have it in their words already."""
        return None if self.measure in ("rr", "or", "rd") else self.time_days

    @property
    def excludes_null(self) -> int | None:
        """Return 1 or -1 when the interval lies above or below no effect, 0 when it holds it, None without one."""
        null = NULLS.get(self.measure)
        if null is None or self.ci_low is None or self.ci_high is None:
            return None
        return 1 if self.ci_low > null else -1 if self.ci_high < null else 0


def fullest(lines: Iterable[Quantity], *by: str) -> list[Quantity]:
    """Return, for each value of the attributes `by`, the line of most studies, in a tie of most people."""
    best: dict[tuple[Any, ...], Quantity] = {}
    for line in lines:
        key = tuple(getattr(line, name) for name in by)
        if key not in best or (line.k, line.n or 0) > (best[key].k, best[key].n or 0):
            best[key] = line
    return list(best.values())


def limits(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return estimate, limits and prediction interval of a pooled line under the names of a quantity."""
    return {name: values[name] for name in LIMITS}


def small(text: str) -> str:
    """Return a title for the middle of a sentence."""
    return text[:1].lower() + text[1:]


def number(value: Any) -> float | None:
    """Return a number as a float; None stays."""
    return None if value is None else float(value)
