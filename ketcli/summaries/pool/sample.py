"""Trials as the arrays that statistics take: counts or means by arm, effects with variances, clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ketcli.errors import DataError, Problem, UsageError
from ketcli.owndata.table import OwnTable
from ketcli.owndata.trials import Trial, also
from ketcli.summaries.pool.plan import Plan

if TYPE_CHECKING:
    from ketcli.stats.results import Array, Effects

COUNTS = ("events", "total", "control_events", "control_total")
KEYS = {"two-arm": COUNTS, "proportion": COUNTS[:2]}


@dataclass(frozen=True, eq=False)
class Sample:
    """Complete trials with their effects, all arrays of shape (k,); `yi` and `vi` are NaN where there is no effect.

    `counts` are events and totals of one or two arms, () for other results. `cluster` labels rows that belong
    together (None: all are independent) and `covariance` (k, k) holds what effects against one control share.
    `why` says, per trial, why it has no effect, "" when it has one.
    """

    trials: tuple[Trial, ...]
    measure: str
    yi: Array
    vi: Array
    ni: Array
    counts: tuple[Array, ...]
    corrected: NDArray[np.bool_]
    why: tuple[str, ...]
    cluster: tuple[str, ...] | None = None
    covariance: Array | None = None
    notes: tuple[str, ...] = ()

    @property
    def k(self) -> int:
        """Return the number of complete trials, with an effect or without."""
        return len(self.trials)

    @property
    def present(self) -> NDArray[np.bool_]:
        """Return which trials have an effect and a variance."""
        return np.isfinite(self.yi)

    @property
    def has_zero(self) -> bool:
        """Return whether a cell of any two-by-two table is zero."""
        if len(self.counts) != 4:
            return False
        a, n1, c, n2 = self.counts
        return bool(((a == 0) | (a == n1) | (c == 0) | (c == n2)).any())

    def take(self, rows: NDArray[np.bool_] | Sequence[int]) -> Sample:
        """Return the sample of these trials."""
        index = np.flatnonzero(rows) if np.asarray(rows).dtype == np.bool_ else np.asarray(rows, dtype=np.intp)
        kept = index.tolist()
        return Sample(
            trials=tuple(self.trials[i] for i in kept),
            measure=self.measure,
            yi=self.yi[index],
            vi=self.vi[index],
            ni=self.ni[index],
            counts=tuple(column[index] for column in self.counts),
            corrected=self.corrected[index],
            why=tuple(self.why[i] for i in kept),
            cluster=None if self.cluster is None else tuple(self.cluster[i] for i in kept),
            covariance=None if self.covariance is None else self.covariance[np.ix_(index, index)],
            notes=self.notes,
        )


def make_sample(table: OwnTable, plan: Plan) -> Sample:
    """Return the complete trials of a table with their effects by the plan's measure and corrections."""
    trials = tuple(trial for trial in table.trials if not trial.reason)
    counts = tuple(_column(trials, role) for role in KEYS.get(table.kind, ()))
    effects = effects_of(trials, table, plan)
    cluster = _clusters(trials, table)
    covariance = None
    if table.apart:
        covariance = _shared(trials, effects, plan)
        cluster = cluster or tuple(t.study for t in trials)
    return Sample(
        trials=trials,
        measure=plan.measure,
        yi=effects.yi,
        vi=effects.vi,
        ni=effects.ni,
        counts=counts,
        corrected=effects.corrected,
        why=effects.excluded,
        cluster=cluster,
        covariance=covariance,
        notes=effects.notes,
    )


def effects_of(
    trials: Sequence[Trial], table: OwnTable, plan: Plan, *, correction: float | str | None = None
) -> Effects:
    """Return the effects of complete trials; `correction` replaces the plan's."""
    if not trials:
        empty = np.empty(0)
        from ketcli.stats.results import Effects

        return Effects(plan.measure, empty, empty, empty, np.empty(0, dtype=np.bool_), ())

    def of(*roles: str) -> list[Array]:
        return [_column(trials, role) for role in roles]

    added = plan.correction if correction is None else correction
    match table.kind:
        case "proportion":
            from ketcli.stats.effects.proportions import proportion_effects

            size = 0.5 if isinstance(added, str) else added
            return proportion_effects(plan.measure, *of(*COUNTS[:2]), correction=size, to=plan.where)
        case "two-arm":
            from ketcli.stats.effects.two_arm import two_arm_effects

            return two_arm_effects(
                plan.measure,
                *of(*COUNTS),
                correction=added,
                to="none" if plan.measure == "PETO" else plan.where,
                cells=plan.cells if plan.measure == "RR" else "all",
                correct_effect=plan.correct_effect or plan.measure != "RD",
            )
        case "mean":
            return _of_means(of("mean", "sd", "total", "control_mean", "control_sd", "control_total"), plan)
        case "change":
            from ketcli.stats.effects.means import change_effects

            columns = of("mean", "pre_mean", "sd", "pre_sd", "total", "correlation")
            variance = plan.variance if plan.variance in ("LS", "LS2") else "LS"
            return change_effects(plan.measure, *columns, variance=variance, correction=plan.hedges)
        case _:
            return _as_given(trials, table, plan)


def _of_means(columns: list[Array], plan: Plan) -> Effects:
    from ketcli.stats.effects.means import VARIANCES, mean_effects

    variance = plan.variance if plan.variance in VARIANCES[plan.measure] else "LS"
    correction = "exact" if variance == "UB" else plan.hedges
    return mean_effects(plan.measure, *columns, variance=variance, correction=correction)


def _as_given(trials: Sequence[Trial], table: OwnTable, plan: Plan) -> Effects:
    """Return effects given as they are; ratios become logarithms, limits become standard errors."""
    from ketcli.stats.effects.means import generic_effects
    from ketcli.stats.numeric.distributions import critical_value

    ratio = plan.effects_are == "ratio"
    yi = _column(trials, "yi")
    roles = table.layout.columns
    if ratio:
        _refuse_nonpositive(trials, table)
        yi = np.log(yi)
    if "ci_low" in roles:
        low, high = _column(trials, "ci_low"), _column(trials, "ci_high")
        low, high = (np.log(low), np.log(high)) if ratio else (low, high)
        vi = ((high - low) / (2.0 * critical_value(0.95))) ** 2
    else:
        vi = _column(trials, "vi") if "vi" in roles else _column(trials, "se") ** 2
    return generic_effects(yi, vi)


def _refuse_nonpositive(trials: Sequence[Trial], table: OwnTable) -> None:
    """Raise DataError for ratios, or limits of ratios, without a logarithm."""
    problems = [
        Problem(
            "ratio-not-positive",
            table.name,
            trial.line,
            table.layout.columns[role],
            f"{trial.numbers[role]:g}",
            f"{table.layout.columns[role]} ({trial.numbers[role]:g}) is no ratio: it is not above zero",
            "if the effects are logarithms, say --effects-are log; if differences, --effects-are plain",
        )
        for trial in trials
        for role in ("yi", "ci_low", "ci_high")
        if trial.numbers.get(role, 1.0) <= 0.0
    ]
    if problems:
        raise DataError(problems, hint=also(problems))


def _clusters(trials: Sequence[Trial], table: OwnTable) -> tuple[str, ...] | None:
    if not table.cluster:
        return None
    return tuple(trial.texts[table.cluster] or trial.label for trial in trials)


def _shared(trials: Sequence[Trial], effects: Effects, plan: Plan) -> Array:
    """Return the covariance matrix of comparisons that share a control; UsageError for measures without one."""
    from ketcli.stats.effects.arms import shared_by_counts, shared_by_means

    if plan.measure not in ("RR", "OR", "RD", "AS", "MD", "SMD"):
        raise UsageError(
            f"--keep-arms: the covariance of effects that share a control is not known for {plan.measure}",
            code="option-conflict",
            hint="use RR, OR, RD, AS, MD or SMD, or let the arms be put together",
        )
    matrix = np.diag(np.where(np.isfinite(effects.vi), effects.vi, np.nan))
    by_study: dict[str, list[int]] = {}
    for i, trial in enumerate(trials):
        if np.isfinite(effects.yi[i]):
            by_study.setdefault(trial.study, []).append(i)
    for rows in by_study.values():
        if len(rows) < 2:
            continue
        block = np.ix_(rows, rows)
        control = trials[rows[0]].numbers
        if plan.measure in ("RR", "OR", "RD", "AS"):
            events, total = control["control_events"], control["control_total"]
            matrix[block] = shared_by_counts(plan.measure, effects.vi[rows], events, total)
        else:
            sizes = [trials[i].numbers["total"] for i in rows]
            sd, n = control["control_sd"], control["control_total"]
            matrix[block] = shared_by_means(plan.measure, effects.yi[rows], effects.vi[rows], sizes, sd, n)
    return matrix


def _column(trials: Sequence[Trial], role: str) -> Array:
    return np.array([trial.numbers[role] for trial in trials], dtype=np.float64)
