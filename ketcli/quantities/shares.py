"""Shares of people with an outcome, as `ket rates` selects and pools them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from ketcli.evidence.regimens import REGIMENS, Window
from ketcli.quantities.quantity import Quantity, limits, small
from ketcli.selection.rates import Rate, pool_of, select
from ketcli.summaries import pooling
from ketcli.summaries.pooling import Settings
from ketcli.summaries.rates import group_title, interval, pool_title

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters


def shares(evidence: Evidence, filters: Filters, outcomes: Sequence[str], how: Settings) -> list[Quantity]:
    """Return the share of people with each outcome, one line per pool, as `ket rates` pools them."""
    poolable = [rate for rate in select(evidence, filters, outcomes).kept if not rate.reason]
    return [_share(list(group), filters.at, how) for _, group in groupby(poolable, key=pool_of)]


def _share(rates: Sequence[Rate], at: Window | None, how: Settings) -> Quantity:
    members = tuple(one_share(rate, how) for rate in rates)
    if len(members) == 1:
        return members[0]
    pooled = pooling.pool_proportions([r.events or 0 for r in rates], [r.total or 0 for r in rates], how)
    first = rates[0]
    return replace(
        members[0],
        what=pool_title(first),
        **limits(pooling.natural(pooled, "PLO")),
        k=pooled.k,
        n=sum(r.total or 0 for r in rates),
        events=sum(r.events or 0 for r in rates),
        total=sum(r.total or 0 for r in rates),
        i2=pooling.finite(pooled.i2),
        model=pooled.model,
        time_days=None,
        window=_window_words(at, first),
        study_ids=tuple(r.study_id for r in rates),
        source_url="",
        members=members,
    )


def one_share(rate: Rate, how: Settings) -> Quantity:
    """Return the share of one study with its interval."""
    estimate, low, high = interval(rate, how)
    return Quantity(
        what=f"{rate.label}: {rate.outcome}, {small(group_title(rate.regimen, rate.drug, rate.route))}",
        measure="rate",
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        n=rate.total,
        events=rate.events,
        total=rate.total,
        drug=rate.drug,
        route=rate.route,
        regimen=rate.regimen,
        outcome=rate.outcome,
        time_days=rate.time_days,
        study_ids=(rate.study_id,),
        source_url=rate.source_url,
    )


def _window_words(at: Window | None, rate: Rate) -> str:
    if at is not None:
        return at.label
    return REGIMENS[rate.regimen].window.label if rate.regimen in REGIMENS else ""
