"""Continuity corrections: which studies get one, how much is added, and the table that results."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ketcli.stats import validate
from ketcli.stats.effects.assembly import studies
from ketcli.stats.results import Array

TO = ("only0", "all", "if0all", "none")
TACC = "tacc"


@dataclass(frozen=True, eq=False)
class Table:
    """k two-by-two tables, each array of shape (k,).

    `a` events and `b` others in the treated arm, `c` and `d` in the control arm; `corrected` marks the tables
    that something was added to.
    """

    a: Array
    b: Array
    c: Array
    d: Array
    corrected: NDArray[np.bool_]

    @property
    def n1(self) -> Array:
        """Return the sizes of the treated arms."""
        return self.a + self.b

    @property
    def n2(self) -> Array:
        """Return the sizes of the control arms."""
        return self.c + self.d

    def at(self, rows: NDArray[np.intp]) -> Table:
        """Return the tables of the studies with these row numbers."""
        return Table(self.a[rows], self.b[rows], self.c[rows], self.d[rows], self.corrected[rows])


def chosen(zero: NDArray[np.bool_], to: str) -> NDArray[np.bool_]:
    """Return which studies are corrected, given which have a zero cell, shape (k,).

    `to`: only0 (those with a zero), all (every study), if0all (every study as soon as one has a zero), none.
    """
    validate.one_of("to", to, TO)
    if to == "only0":
        return zero.copy()
    return np.full(zero.shape, to == "all" or (to == "if0all" and bool(zero.any())))


def amount(correction: float) -> float:
    """Return the number to add to a cell; it must not be negative."""
    if not (np.isfinite(correction) and correction >= 0.0):
        raise ValueError(f"correction must not be negative, got {correction}")
    return float(correction)


def two_by_two(events1: ArrayLike, total1: ArrayLike, events2: ArrayLike, total2: ArrayLike) -> Table:
    """Return the uncorrected tables of counts in two arms; ValueError as `validate.counts`."""
    x1, n1 = validate.counts(events1, total1)
    x2, n2 = validate.counts(events2, total2)
    k = validate.same_length(events1=x1, events2=x2)
    return Table(x1, n1 - x1, x2, n2 - x2, np.zeros(k, dtype=np.bool_))


def has_zero(table: Table) -> NDArray[np.bool_]:
    """Return which tables have at least one zero cell."""
    return _zero(table.a) | _zero(table.b) | _zero(table.c) | _zero(table.d)


def no_events(table: Table) -> NDArray[np.bool_]:
    """Return which tables have no event in either arm."""
    return _zero(table.a) & _zero(table.c)


def all_events(table: Table) -> NDArray[np.bool_]:
    """Return which tables have events in everyone in both arms."""
    return _zero(table.b) & _zero(table.d)


def corrected(
    table: Table,
    *,
    correction: float | str = 0.5,
    to: str = "only0",
    skip: NDArray[np.bool_] | None = None,
    events_only: bool = False,
) -> Table:
    """Return the tables with the correction added where `to` asks for it.

    `correction` is a number for every cell, or "tacc": n1/(n1+n2) in the treated arm and n2/(n1+n2) in the
    control arm, so that a table without events means no difference (Sweeting 2004). `skip` marks tables left
    alone and not counted as having a zero. `events_only` adds to the event cells a and c alone.
    """
    zero, n1, n2 = has_zero(table), table.n1, table.n2
    if skip is not None:
        zero = zero & ~skip
    where = chosen(zero, to)
    if skip is not None:
        where = where & ~skip
    if isinstance(correction, str):
        validate.one_of("correction", correction, (TACC,))
        add1, add2 = np.where(where, n1 / (n1 + n2), 0.0), np.where(where, n2 / (n1 + n2), 0.0)
    else:
        add1 = add2 = np.where(where, amount(correction), 0.0)
    others = 0.0 if events_only else 1.0
    return Table(
        table.a + add1,
        table.b + others * add1,
        table.c + add2,
        table.d + others * add2,
        add1 > 0.0,
    )


def told(correction: float | str, to: str, marked: NDArray[np.bool_], cells: str) -> tuple[str, ...]:
    """Return the note on what was added to how many studies, or nothing when nothing was."""
    count = int(marked.sum())
    if count == 0:
        return ()
    size = "The treatment-arm continuity correction" if isinstance(correction, str) else f"{correction:g}"
    why = {
        "only0": "with a zero cell",
        "if0all": "because at least one study had a zero cell",
        "all": "with or without a zero cell",
    }[to]
    return (f"{size} was added to {cells} of {studies(count)} {why}.",)


def _zero(cells: Array) -> NDArray[np.bool_]:
    """Return which cells are zero."""
    return np.asarray(cells == 0.0, dtype=np.bool_)
