"""Side effects: contrasts of drug and control as `ket side-effects` has them, shares where there is no control."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ketcli.quantities.pairs import sums
from ketcli.quantities.quantity import Quantity, number, small
from ketcli.summaries import contrasts
from ketcli.summaries.pooling import Settings
from ketcli.summaries.rates import interval
from ketcli.summaries.side_effects import rows as event_rows

if TYPE_CHECKING:
    from ketcli.selection.event_counts import Count


def event_contrasts(counts: Iterable[Count], measure: str, how: Settings) -> list[Quantity]:
    """Return rr or rd of a side effect in drug and control arms, one line per pool, as `ket side-effects` does."""
    poolable = [c for c in counts if not c.reason and c.comparator]
    lines: list[Quantity] = []
    for _, group in groupby(poolable, key=lambda c: (c.contrast, c.grouped)):
        members = list(group)
        title = f"{event_rows.place_title(members)}: {members[0].event}"
        title = f"{title[:1].upper()}{title[1:]}"
        studies = tuple(
            _event_line(event_rows.study_row(c, how, ""), measure, f"{c.label}: {small(title)}", [c])
            for c in members
        )
        if len(members) == 1:
            lines.append(studies[0])
            continue
        tables = event_rows.tables(members)
        row = contrasts.lead(tables, math.nan, replace(how, model="")).values | sums(tables)
        lines.append(replace(_event_line(row, measure, title, members), members=studies))
    return lines


def event_shares(counts: Iterable[Count], how: Settings) -> list[Quantity]:
    """Return the share of people with a side effect in arms without a comparator, study by study, never pooled."""
    lines: list[Quantity] = []
    for count in counts:
        if count.comparator:
            continue
        what = f"{count.label}: {small(event_rows.place_title([count]))}, {count.event}"
        estimate, low, high = interval(count, how)
        line = replace(_event_line({}, "rate", what, [count]), estimate=estimate, ci_low=low, ci_high=high)
        lines.append(
            replace(line, n=count.total, events=count.events, total=count.total, note=event_rows.why(count))
        )
    return lines


def _event_line(row: Mapping[str, Any], measure: str, what: str, members: Sequence[Count]) -> Quantity:
    first = members[0]
    return Quantity(
        what=what,
        measure=measure,
        estimate=number(row.get(measure)),
        ci_low=number(row.get(f"{measure}_low")),
        ci_high=number(row.get(f"{measure}_high")),
        k=len(members),
        n=int(row.get("total") or 0) + int(row.get("control_total") or 0),
        events=row.get("events"),
        total=row.get("total"),
        control_events=row.get("control_events"),
        control_total=row.get("control_total"),
        i2=number(row.get("rd_i2" if measure == "rd" else "i2")),
        model=str(row.get("rd_model" if measure == "rd" else "model") or ""),
        drug=first.drug,
        route=first.route,
        regimen=first.regimen,
        against=first.comparator,
        outcome=first.event,
        window=first.phase,
        study_ids=tuple(c.study_id for c in members),
        source_url=first.source_url if len(members) == 1 else "",
    )
