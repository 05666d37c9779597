"""Score differences of two treatments: points on one scale, by study and pooled, where both arms tell them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from ketcli.report import Source
from ketcli.selection.score_pairs import ScorePair, select
from ketcli.summaries import pooling
from ketcli.summaries.compare.rows import COURSES, Fields
from ketcli.summaries.pooling import Settings
from ketcli.summaries.words import when_all

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters
    from ketcli.selection.treatments import Treatment

NO_SPREAD = "group sizes or standard deviations not known: no interval"


def rows(
    evidence: Evidence, filters: Filters, how: Settings, first: Treatment, second: Treatment
) -> tuple[list[Fields], list[Source]]:
    """Return mean differences by study, pooled within one scale, kind and time; negative favours the first."""
    found: list[Fields] = []
    pages: list[Source] = []
    pairs = select(evidence, filters, first, second)
    pools = [list(group) for _, group in groupby(pairs, key=lambda pair: pair.pool)]
    for members in sorted(pools, key=_people, reverse=True):
        block = _title(members)
        found += [_study(pair, how, block) for pair in members]
        measured = [pair for pair in members if pair.measured]
        if len(measured) > 1:
            found.append(_pooled(measured, how, block))
        pages += [Source(pair.study_id, pair.label, pair.source_url) for pair in members]
    return found, pages


def _people(members: Sequence[ScorePair]) -> int:
    return sum((pair.first.n or 0) + (pair.second.n or 0) for pair in members)


def _title(members: Sequence[ScorePair]) -> str:
    first = members[0]
    given = "each with a new antidepressant" if first.new_antidepressant else COURSES.get(first.regimen, "")
    text = ", ".join(part for part in (f"{first.first_is} v {first.second_is}", given) if part)
    rated = when_all([pair.time_days for pair in members])
    return f"{text[:1].upper()}{text[1:]}: difference in {first.scale} points, {rated}"


def _shared(pair: ScorePair, block: str) -> Fields:
    return {
        "block": block,
        "first": pair.first_is,
        "second": pair.second_is,
        "evidence": "randomised",
        "regimen": pair.regimen,
        "new_antidepressant": pair.new_antidepressant,
        "outcome": "score",
        "scale": pair.scale,
        "measure": "md",
    }


def _study(pair: ScorePair, how: Settings, block: str) -> Fields:
    first, second = pair.first, pair.second
    row: Fields = {
        "kind": "study",
        "study_id": pair.study_id,
        "label": pair.label,
        "shown": pair.label if pair.measured else f"{pair.label}; {NO_SPREAD}",
        **_shared(pair, block),
        "arms": " ".join(pair.arms),
        "control_arms": " ".join(pair.second_arms),
        "mean": first.mean,
        "sd": first.sd,
        "total": first.n,
        "control_mean": second.mean,
        "control_sd": second.sd,
        "control_total": second.n,
        "definition": pair.measure,
        "time_days": pair.time_days,
        "analysis_set": pair.analysis_set,
        "population": pair.population,
        "design": pair.design,
        "year": pair.year,
        "source_kind": pair.source_kind,
        "pooled": pair.measured,
        "reason": "" if pair.measured else NO_SPREAD,
        "source_url": pair.source_url,
        "source_where": pair.source_where,
        "estimate": first.mean - second.mean,
    }
    return row | _limits([pair], how) if pair.measured else row


def _pooled(members: Sequence[ScorePair], how: Settings, block: str) -> Fields:
    line = _limits(members, how)
    i2 = line["i2"]
    label = f"Pooled, {len(members)} studies" + (f"; I² {i2:.0f} %" if isinstance(i2, float) else "")
    return {
        "kind": "pooled",
        "label": label,
        "shown": label,
        **_shared(members[0], block),
        "total": sum(pair.first.n or 0 for pair in members),
        "control_total": sum(pair.second.n or 0 for pair in members),
        **line,
    }


def _limits(members: Sequence[ScorePair], how: Settings) -> Fields:
    """Return the mean difference with its limits: a study's own, or pooled by inverse variance."""
    from ketcli.stats.effects.means import mean_effects

    columns = [
        [getattr(mean, name) for mean in side]
        for side in ([pair.first for pair in members], [pair.second for pair in members])
        for name in ("mean", "sd", "n")
    ]
    effects = mean_effects("MD", *columns)
    pooled = pooling.pool_effects(effects.yi, effects.vi, how)
    line: Fields = {
        "estimate": pooled.estimate,
        "estimate_low": pooled.ci_low,
        "estimate_high": pooled.ci_high,
    }
    if len(members) == 1:
        return line
    ends: Fields = {"pi_low": pooling.finite(pooled.pi_low), "pi_high": pooling.finite(pooled.pi_high)}
    return line | pooling.heterogeneity(pooled) | ends
