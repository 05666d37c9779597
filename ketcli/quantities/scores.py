"""Score differences from control, as `ket timeline` chooses and pools them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from ketcli.evidence import overlap
from ketcli.evidence.regimens import Window
from ketcli.quantities.quantity import Quantity, limits, small
from ketcli.selection import scores as score_rows
from ketcli.summaries import pooling
from ketcli.summaries.pooling import Settings
from ketcli.summaries.rates import group_title

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters


def score_differences(
    evidence: Evidence, filters: Filters, window: Window, measure: str, how: Settings, scale: str = ""
) -> list[Quantity]:
    """Return smd or md of scores against control, drug minus control, one line per pool; `scale` limits md.

    As `ket timeline` does it: one contrast per study in the window, nobody twice.
    """
    from ketcli.stats.effects.means import mean_effects

    found = [c for c in score_rows.contrasts(evidence, filters) if c.scale.startswith(scale)]
    overlaps = overlap.build(evidence.rows("studies"))
    chosen = sorted(score_rows.choose(found, window), key=score_rows.pool_of)
    lines: list[Quantity] = []
    for _, group in groupby(chosen, key=score_rows.pool_of):
        members = list(group)
        sizes = {c.study_id: c.active.n + c.control.n for c in members}
        dropped = overlap.keep_one_each(list(sizes), sizes, overlaps)
        members = [c for c in members if c.study_id not in dropped]
        effects = mean_effects(
            measure.upper(),
            *([getattr(c.active, name) for c in members] for name in ("mean", "sd", "n")),
            *([getattr(c.control, name) for c in members] for name in ("mean", "sd", "n")),
        )
        pooled = pooling.pool_effects(effects.yi, effects.vi, how)
        first = members[0]
        title = f"{group_title(first.regimen, first.drug, first.route)} v {first.against}: depression score"
        single = len(members) == 1
        lines.append(
            Quantity(
                what=f"{first.label}: {small(title)}" if single else title,
                measure=measure,
                **limits(pooling.natural(pooled, measure.upper())),
                k=len(members),
                n=sum(c.active.n + c.control.n for c in members),
                total=sum(c.active.n for c in members),
                control_total=sum(c.control.n for c in members),
                i2=None if single else pooling.finite(pooled.i2),
                model="" if single else pooled.model,
                drug=first.drug,
                route=first.route,
                regimen=first.regimen,
                against=first.control_drug,
                outcome="depression-score",
                time_days=first.time_days if single else None,
                window="" if single else window.label,
                study_ids=tuple(c.study_id for c in members),
                source_url=first.source_url if single else "",
            )
        )
    return lines
