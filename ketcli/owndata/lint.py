"""Rows that deserve a second look before they are pooled: each question with its lines; nothing is changed."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from ketcli.naming.roles import squash
from ketcli.owndata.choose import of_one_study
from ketcli.owndata.columns import Found
from ketcli.owndata.read import is_missing, is_number, read_number
from ketcli.owndata.shape import Layout
from ketcli.owndata.trials import Trial

# An SD this many times below the typical one, whose standard error would be typical, looks like an error itself.
SHRUNK = 3.0
FEWEST = 4
# Share of the other SDs that must be within a factor 2 of the typical one: a common scale.
ALIKE = 0.8
# Standardised differences and ratios beyond these are rarer than slips of the pen.
HUGE_SMD, HUGE_RATIO = 3.0, 20.0
# How far, in the spread of the others, an effect may lie from their middle.
OUTLYING = 8.0
# Names of columns that say which treatments a row compares.
_NUMBERED = ("treatment", "treat", "arm", "group", "drug", "intervention", "condition")
_TREATED = ("intervention", "treatment", "experimental", "drug", "active")
_AGAINST = ("comparison", "comparator", "control")
_SIDES = (*((f"{n}1", f"{n}2") for n in _NUMBERED), *((one, two) for one in _TREATED for two in _AGAINST))
# Lines, and studies, that one question names; more studies on several rows are one question.
SHOWN, APART = 10, 3


@dataclass(frozen=True)
class Question:
    """One thing to look at: the rule that asks, the lines it is about, and what it asks."""

    code: str
    lines: tuple[int, ...]
    text: str

    def __str__(self) -> str:
        """Return the question with its lines and code."""
        where = "line " if len(self.lines) == 1 else "lines "
        more = " ..." if len(self.lines) > SHOWN else ""
        return f"{where}{', '.join(map(str, self.lines[:SHOWN]))}{more}: {self.text} [{self.code}]"


def question_rows(found: Found, layout: Layout, trials: Sequence[Trial], group: str = "") -> list[Question]:
    """Return what looks wrong in the rows as they were typed; rows of two groups are not pooled with each other."""
    checks: list[Iterable[Question]] = [
        _percents(found, trials),
        _parts_of_totals(found, trials),
        _fractions(trials),
        _errors_as_deviations(trials),
        _errors_against_variances(found, trials),
        _lopsided_intervals(trials),
    ]
    if not layout.arms:
        checks += [_either_side(trials)]
        checks += [
            () if "cluster" in found.given else _twice(trials, group),
            _same_control(trials),
            _same_numbers(trials),
        ]
    return [question for check in checks for question in check]


def question_effects(
    trials: Sequence[Trial], yi: Sequence[float], vi: Sequence[float], *, standardised: bool, ratio: bool
) -> list[Question]:
    """Return effects that are implausibly large, far from all others, or ratios by their limits but taken as plain.

    NaN effects are passed over.

    `ratio` says that effects are logarithms of ratios. Effects of tables with a zero cell are not asked about.
    """
    out = [] if ratio else list(_ratios_taken_plain(trials))
    known = [i for i, y in enumerate(yi) if math.isfinite(y)]
    for i in known:
        trial, effect = trials[i], yi[i]
        if standardised and abs(effect) > HUGE_SMD:
            text = f"{trial.label}: a difference of {effect:.1f} standard deviations; are the SDs standard errors?"
            out.append(Question("implausible-effect", (trial.line,), text))
        elif ratio and abs(effect) > math.log(HUGE_RATIO) and not _zero_cell(trial):
            text = f"{trial.label}: a ratio of {math.exp(effect):.3g}; are events or arms mixed up?"
            out.append(Question("implausible-effect", (trial.line,), text))
    if len(known) < 2 * FEWEST:
        return out
    middle = median(yi[i] for i in known)
    spread = 1.4826 * median(abs(yi[i] - middle) for i in known)
    asked = {line for question in out for line in question.lines}
    for i in known:
        reach = math.hypot(spread, math.sqrt(vi[i]))
        if reach > 0.0 and abs(yi[i] - middle) > OUTLYING * reach and trials[i].line not in asked:
            text = f"{trials[i].label}: its effect lies far from all others; is its sign or scale right?"
            out.append(Question("outlying-effect", (trials[i].line,), text))
    return out


def _percents(found: Found, trials: Sequence[Trial]) -> Iterator[Question]:
    """Ask about percents that no count of their denominator makes, or that the count beside them does not."""
    for percent, events, total in (
        ("percent", "events", "total"),
        ("control_percent", "control_events", "control_total"),
    ):
        column = found.named.get(percent)
        if column is None:
            continue
        for trial in trials:
            cell, n = trial.texts[column], trial.numbers.get(total)
            if is_missing(cell) or not is_number(cell) or not n:
                continue
            value, half = read_number(cell) or 0.0, 0.5 * 10.0 ** -_decimals(cell) + 1e-9
            nearest = round(value * n / 100.0)
            x = trial.numbers.get(events)
            if abs(100.0 * nearest / n - value) > half:
                text = f"{trial.label}: {cell} % cannot be a count out of {n:g} ({column})"
                yield Question("percent-without-count", (trial.line,), text)
            elif x is not None and abs(100.0 * x / n - value) > half:
                text = f"{trial.label}: {x:g}/{n:g} is {100.0 * x / n:.1f} %, not {cell} % ({column})"
                yield Question("percent-differs", (trial.line,), text)


def _parts_of_totals(found: Found, trials: Sequence[Trial]) -> Iterator[Question]:
    """Ask about events and non-events that do not make the total beside them."""
    for events, others, total in (
        ("events", "nonevents", "total"),
        ("control_events", "control_nonevents", "control_total"),
    ):
        column, whole = found.named.get(others), found.named.get(total) or found.given.get(total)
        if column is None or whole is None:
            continue
        for trial in trials:
            x, n, cell = trial.numbers.get(events), trial.numbers.get(total), trial.texts[column]
            if x is None or n is None or not is_number(cell):
                continue
            rest = read_number(cell) or 0.0
            if abs(x + rest - n) > 1e-9:
                text = f"{trial.label}: {x:g} with and {rest:g} without the event are not {n:g} ({whole})"
                yield Question("parts-differ", (trial.line,), text)


def _fractions(trials: Sequence[Trial]) -> Iterator[Question]:
    """Ask about counts that are not whole: percents, or people of a cluster trial made fewer on purpose."""
    for trial in trials:
        broken = [r for r in ("events", "control_events") if not trial.numbers.get(r, 0.0).is_integer()]
        if broken:
            role = broken[0]
            what = f"{role.replace('_', ' ')} {trial.numbers[role]:g}"
            text = f"{trial.label}: {what} is no whole number; is it a percent?"
            yield Question("fraction-of-person", (trial.line,), text)


def _errors_as_deviations(trials: Sequence[Trial]) -> Iterator[Question]:
    """Ask about SDs that are too small by about the root of n: standard errors entered as standard deviations."""
    arms = [
        (trial, trial.numbers[sd], trial.numbers[n])
        for trial in trials
        for sd, n in (("sd", "total"), ("control_sd", "control_total"))
        if trial.numbers.get(sd, 0.0) > 0.0 and trial.numbers.get(n, 0.0) > 1.0
    ]
    rows = {trial.line: [(sd, n) for t, sd, n in arms if t is trial] for trial, _, _ in arms}
    if len(rows) < FEWEST:
        return
    for trial in {trial.line: trial for trial, _, _ in arms}.values():
        own = rows[trial.line]
        others = [sd for line, values in rows.items() if line != trial.line for sd, _ in values]
        typical = median(others)
        alike = sum(typical / 2.0 <= sd <= typical * 2.0 for sd in others) / len(others)
        shrunk = all(sd < typical / SHRUNK for sd, _ in own)
        if alike >= ALIKE and shrunk and all(typical / 2.0 < sd * math.sqrt(n) < typical * 2.0 for sd, n in own):
            told = " and ".join(f"{sd:g}" for sd, _ in own)
            usual = f"SDs are about {typical:.3g}"
            text = f"{trial.label}: the SD {told} would be a usual standard error ({usual}); which is it?"
            yield Question("error-as-deviation", (trial.line,), text)


def _errors_against_variances(found: Found, trials: Sequence[Trial]) -> Iterator[Question]:
    """Ask about standard errors whose square is not the variance beside them."""
    se, vi = (found.given.get(role) or found.named.get(role) for role in ("se", "vi"))
    if se is None or vi is None:
        return
    for trial in trials:
        cells = [trial.texts[column] for column in (se, vi)]
        if not all(is_number(cell) for cell in cells):
            continue
        error, variance = (read_number(cell) or 0.0 for cell in cells)
        if abs(error**2 - variance) > 0.02 * max(error**2, variance):
            text = f"{trial.label}: {se} {cells[0]} squared is not {vi} {cells[1]}"
            yield Question("error-differs", (trial.line,), text)


def _lopsided_intervals(trials: Sequence[Trial]) -> Iterator[Question]:
    """Ask about limits that lie unevenly about the effect: ratios need their logarithms."""
    for trial in trials:
        if not {"yi", "ci_low", "ci_high"} <= trial.numbers.keys():
            continue
        low, effect, high = _interval(trial)
        # A ratio with a proper interval is asked about where it is not taken as one: `question_effects`.
        if not _even(low, effect, high) and not _even_as_ratio(low, effect, high):
            text = f"{trial.label}: {effect:g} is not in the middle of {low:g} to {high:g}"
            yield Question("lopsided-interval", (trial.line,), text)


def _ratios_taken_plain(trials: Sequence[Trial]) -> Iterator[Question]:
    """Ask once about effects whose limits are even on the logarithmic scale alone: plain errors misstate them."""
    given = [t for t in trials if {"yi", "ci_low", "ci_high"} <= t.numbers.keys()]
    odd = [t for t in given if not _even(*_interval(t)) and _even_as_ratio(*_interval(t))]
    if odd:
        low, effect, high = _interval(odd[0])
        text = (
            f"{odd[0].label}: {effect:g} lies in {low:g} to {high:g} as a ratio does, and its limits are not kept "
            "when it is taken as plain; --effects-are ratio?"
        )
        yield Question("ratio-taken-plain", tuple(t.line for t in odd), text)


def _interval(trial: Trial) -> tuple[float, float, float]:
    return trial.numbers["ci_low"], trial.numbers["yi"], trial.numbers["ci_high"]


def _even(low: float, effect: float, high: float) -> bool:
    """Return whether an effect lies in the middle of its limits, to a tenth of their width."""
    return high > low and abs((high - effect) - (effect - low)) <= 0.1 * (high - low)


def _even_as_ratio(low: float, effect: float, high: float) -> bool:
    """Return whether it lies in the middle of positive limits on the logarithmic scale."""
    return min(low, effect, high) > 0.0 and _even(math.log(low), math.log(effect), math.log(high))


def _twice(trials: Sequence[Trial], group: str) -> Iterator[Question]:
    """Ask about studies that stand on several rows: the same people may count twice."""
    several = list(of_one_study(trials, group))
    if len(several) > APART:
        lines = tuple(sorted(trial.line for same in several for trial in same))
        named = ", ".join(f"{same[0].label} {len(same)} times" for same in several[:APART])
        text = f"{len(several)} studies stand there more than once ({named} ...); are they different people?"
        yield Question("same-trial-twice", lines, f"{text} (--cluster, --by)")
        return
    for same in several:
        lines = tuple(trial.line for trial in same)
        text = f"{same[0].label} stands there {len(same)} times; are they different people? (--cluster, --by)"
        yield Question("same-trial-twice", lines, text)


def _either_side(trials: Sequence[Trial]) -> Iterator[Question]:
    """Ask once about treatments that are the treated arm of one row and the control of another."""
    header = {squash(column): column for column in (trials[0].texts if trials else ())}
    one, two = next(((header[a], header[b]) for a, b in _SIDES if a in header and b in header), ("", ""))
    first = {squash(trial.texts[one]) for trial in trials if one} - {""}
    if odd := [trial for trial in trials if first and squash(trial.texts[two]) in first]:
        text = f"{odd[0].texts[two]} is in {two} here and in {one} elsewhere; do all effects point the same way?"
        yield Question("arm-on-either-side", tuple(trial.line for trial in odd), text)


def _same_control(trials: Sequence[Trial]) -> Iterator[Question]:
    """Ask about rows of one author or study with one and the same control arm: it would count twice."""
    rows: dict[tuple[object, ...], list[Trial]] = defaultdict(list)
    for trial in trials:
        control = tuple(sorted((r, v) for r, v in trial.numbers.items() if r.startswith("control_")))
        name = squash(trial.label.split()[0]) if trial.label.split() else ""
        if len(control) >= 2 and name and not name.isdigit():
            rows[name, control].append(trial)
    for same in rows.values():
        if len(same) > 1 and len({tuple(sorted(t.numbers.items())) for t in same}) > 1:
            lines = tuple(trial.line for trial in same)
            text = f"{', '.join(t.label for t in same)}: the control arms are alike; is one control counted twice?"
            yield Question("control-twice", lines, text)


def _same_numbers(trials: Sequence[Trial]) -> Iterator[Question]:
    """Ask about rows of different names with the same numbers throughout: one trial published twice."""
    rows: dict[tuple[tuple[str, float], ...], list[Trial]] = defaultdict(list)
    for trial in trials:
        if len(trial.numbers) >= 4 and not trial.reason:
            rows[tuple(sorted(trial.numbers.items()))].append(trial)
    for same in rows.values():
        if len({trial.study for trial in same}) > 1:
            lines = tuple(trial.line for trial in same)
            text = f"{' and '.join(t.label for t in same)} have the same numbers; are they one trial?"
            yield Question("same-numbers", lines, text)


def _zero_cell(trial: Trial) -> bool:
    numbers = trial.numbers
    pairs = (("events", "total"), ("control_events", "control_total"))
    return any(e in numbers and (numbers[e] == 0.0 or numbers[e] == numbers.get(n)) for e, n in pairs)


def _decimals(cell: str) -> int:
    _, _, part = cell.replace(",", ".").partition(".")
    return len(part) if part.isdigit() else 0
