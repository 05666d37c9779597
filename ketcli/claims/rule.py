"""The written rule by which a statement is held against what the tables answer.

Only the first question of a check is tested; what stands beside it can tell why, but not change the verdict.

range: a quantity is claimed. A line (one study, one pooled line, one printed figure) lies within the claim when
    its whole interval does, outside when none of it does, across otherwise; the claim of a percentage is widened by
    5 points on either side, since people say about. Supported when at least three quarters of the lines lie within,
    contradicted when all lie outside, unsupported without any line, partly otherwise. The interval is that of the
    mean; the prediction interval, shown beside, says how far a single clinic may differ.
study: the claim tells the number of a named study. Rows under the conditions told are tested by the range rule.
    Without any, the claim is contradicted when the study never gave such a treatment, and its number is shown as it
    was found; unsupported when the study may have the number and it was not seen.
source: the claim names a publication. Without any such estimate it is unsupported.
direction: the claim says which of two is better. A line is for it when its interval lies on that side of no
    effect, against it when it lies on the other. Supported when at least three quarters are for and none against,
    contradicted when some are against and none for, unsupported when none is either, partly otherwise.
tally: the claim says that a factor matters. Studies are counted by `tally`. Tests with a control decide where there
    are any: supported when two studies or more are for and they are the majority, partly when any is for,
    contradicted when two or more are against and none for, unsupported otherwise. Without a control in any test,
    partly when a study is for, unsupported otherwise: such tests tell who fares better, not what the drug does.
recorded: nothing of this can be tested; the verdict is the one recorded with the cited evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ketcli.claims import tally
from ketcli.claims.answer import Answer
from ketcli.claims.check import LISTED
from ketcli.claims.statement import Statement
from ketcli.evidence.regimens import REGIMENS
from ketcli.quantities.quantity import NULLS, Quantity
from ketcli.summaries.words import spoken, when

ABOUT = 0.05
MOST = 0.75
SUPPORTED, PARTLY, UNSUPPORTED, CONTRADICTED = "supported", "partly", "unsupported", "contradicted"
WITHIN, ACROSS, OUTSIDE = "within", "across", "outside"
RULES = ("range", "study", "source", "direction", "tally", "recorded", "none")


@dataclass(frozen=True)
class Judgement:
    """A verdict, the rule that gave it and one sentence why; an untestable statement without record has none."""

    verdict: str
    rule: str
    reason: str


def judge(statement: Statement, answers: Sequence[Answer]) -> Judgement:
    """Return the verdict on a statement from the answers to its checks, the first of which is tested."""
    first = answers[0] if answers else None
    if first is None:
        return _recorded(statement)
    if first.check.table == "factors" and first.check.expect in ("better", "differs"):
        return _tally(first)
    if first.check.expect in ("more", "less"):
        return _direction(first)
    if statement.bounds is None or (first.check.table in LISTED and not first.check.values("field")):
        return _recorded(statement)
    if not first.lines and first.check.table == "reviews":
        return _source(statement, answers)
    if first.check.table == "outcomes" and first.check.values("study_id"):
        return _study(statement, answers)
    return _range(statement, first, "range")


def _recorded(statement: Statement) -> Judgement:
    if not statement.recorded:
        return Judgement("", "none", "nothing to test: give low and high, or expect= in the check")
    return Judgement(statement.recorded, "recorded", statement.note)


def tested(line: Quantity) -> tuple[Quantity, ...]:
    """Return the lines that a line stands for: printed figures each for themselves, a pooled line for itself."""
    return line.members if line.estimate is None and line.members else (line,)


def position(line: Quantity, bounds: tuple[float, float]) -> str:
    """Return where a line lies: within, across or outside the quantity claimed."""
    about = ABOUT if line.measure == "rate" else 0.0
    low, high = bounds[0] - about, bounds[1] + about
    bottom = line.estimate if line.ci_low is None else line.ci_low
    top = line.estimate if line.ci_high is None else line.ci_high
    if bottom is None or top is None:
        return ""
    # a tiny allowance keeps a printed 45 % from falling out of 45-55 by the last binary digit
    if bottom >= low - 1e-9 and top <= high + 1e-9:
        return WITHIN
    return OUTSIDE if bottom > high + 1e-9 or top < low - 1e-9 else ACROSS


def _range(statement: Statement, found: Answer, rule: str) -> Judgement:
    assert statement.bounds is not None  # judge() has looked
    places = [place for line in found.lines for q in tested(line) if (place := position(q, statement.bounds))]
    if not places:
        return Judgement(UNSUPPORTED, rule, f"no row here gives this quantity: {found.check.told()}")
    within, outside = places.count(WITHIN), places.count(OUTSIDE)
    if within >= MOST * len(places):
        verdict = SUPPORTED
    elif outside == len(places):
        verdict = CONTRADICTED
    else:
        verdict = PARTLY
    return Judgement(verdict, rule, _range_reason(statement, found.lines, places))


def _range_reason(statement: Statement, lines: Sequence[Quantity], places: Sequence[str]) -> str:
    claim = f"{statement.claimed} (5 points either way)" if statement.unit == "percent" else statement.claimed
    if len(places) == 1:
        words = {WITHIN: "lies within", ACROSS: "reaches beyond", OUTSIDE: "lies outside"}
        open_still = ", which it neither bears out nor rules out" if places[0] == ACROSS else ""
        return f"{told(tested(lines[0])[0])} {words[places[0]]} {claim}{open_still}"
    counts = [f"{places.count(place)} {place}" for place in (WITHIN, ACROSS, OUTSIDE) if places.count(place)]
    return f"of {len(places)} figures, against {claim}: {', '.join(counts)}"


def _study(statement: Statement, answers: Sequence[Answer]) -> Judgement:
    first = answers[0]
    if first.lines:
        return _range(statement, first, "study")
    if first.given or not first.elsewhere:
        return Judgement(UNSUPPORTED, "study", f"no such number of the study was seen: {first.check.told()}")
    assert statement.bounds is not None  # judge() has looked
    fits = [line for line in first.elsewhere if _point_fits(line, statement.bounds)]
    shown = fits or first.elsewhere
    found = "; ".join(f"{told(line)}, {_conditions(line)}" for line in shown)
    name = shown[0].what.split(":")[0]
    wanted = [_course(regimen) for regimen in first.check.values("regimen")]
    said = " or ".join((*wanted, *first.check.values("route"), *first.check.values("drug")))
    reason = f"{name} found {found}, and never gave {said}.{_beside(statement, answers)}"
    return Judgement(CONTRADICTED, "study", reason)


def _source(statement: Statement, answers: Sequence[Answer]) -> Judgement:
    """Judge a claim about a publication of which no such estimate is here."""
    has = [q for line in answers[0].elsewhere for q in tested(line)]
    names = ", ".join(dict.fromkeys(q.what.split(":")[0] for q in has))
    outcomes = ", ".join(dict.fromkeys(spoken(q.outcome) for q in has))
    found = f"; what is here of it tells of {outcomes}: {names}" if has else ""
    reason = f"no such estimate was found ({answers[0].check.told()}){found}. A search cannot prove absence."
    return Judgement(UNSUPPORTED, "source", reason + _beside(statement, answers))


def _point_fits(line: Quantity, bounds: tuple[float, float]) -> bool:
    return line.estimate is not None and bounds[0] - ABOUT <= line.estimate <= bounds[1] + ABOUT


def _conditions(line: Quantity) -> str:
    rated = f"{when(line.time_days)} after " if line.time_days is not None else "after "
    return rated + _course(line.regimen)


def _course(regimen: str) -> str:
    title = REGIMENS[regimen].title.lower() if regimen in REGIMENS else regimen
    return f"a {title}" if title.startswith("repeated") else title


def _beside(statement: Statement, answers: Sequence[Answer]) -> str:
    """Return a sentence on the pooled lines that stand beside a claim about one source, "" without any."""
    assert statement.bounds is not None  # judge() has looked
    pooled = [line for answer in answers[1:] for line in answer.lines if line.k > 1 and line.estimate is not None]
    words = {WITHIN: "within the claim", ACROSS: "does not rule it out", OUTSIDE: "rules it out"}
    return "".join(
        f" Beside it: {line.what}, {line.k} studies, {told(line)}: {words[position(line, statement.bounds)]}."
        for line in pooled
        if position(line, statement.bounds)
    )


def _direction(found: Answer) -> Judgement:
    side = 1 if found.check.expect == "more" else -1
    signs = [sign for line in found.lines for q in tested(line) if (sign := q.excludes_null) is not None]
    ahead, behind = signs.count(side), signs.count(-side)
    if not ahead and not behind:
        verdict = UNSUPPORTED
    elif not ahead:
        verdict = CONTRADICTED
    else:
        verdict = SUPPORTED if not behind and ahead >= MOST * len(signs) else PARTLY
    if not signs:
        return Judgement(verdict, "direction", f"no row here tells: {found.check.told()}")
    if len(signs) == 1:
        line = next(q for line in found.lines for q in tested(line) if q.excludes_null is not None)
        words = (
            "lies on the side claimed" if ahead else "lies on the other side" if behind else "includes no effect"
        )
        return Judgement(verdict, "direction", f"{told(line)} {words}")
    parts = [(ahead, "on the side claimed"), (behind, "on the other side"), (signs.count(0), "including no effect")]
    text = ", ".join(f"{n} {words}" for n, words in parts if n)
    return Judgement(verdict, "direction", f"of {len(signs)} intervals {text}")


def _tally(found: Answer) -> Judgement:
    controlled = tally.count(found.votes, controlled=True)
    other = tally.count(found.votes, controlled=False)
    ahead, behind = controlled[tally.FOR], controlled[tally.AGAINST]
    if sum(controlled.values()):
        if ahead >= 2 and 2 * ahead > sum(controlled.values()):
            verdict = SUPPORTED
        elif ahead:
            verdict = PARTLY
        else:
            verdict = CONTRADICTED if behind >= 2 else UNSUPPORTED
    else:
        verdict = PARTLY if other[tally.FOR] else UNSUPPORTED
    reason = (
        f"studies counted: {tally.told(found.votes)}" if found.votes else f"no row here tells: {found.check.told()}"
    )
    return Judgement(verdict, "tally", reason)


def told(line: Quantity) -> str:
    """Return a line's number in words: 5/17 = 29 % (13-53), RR 1.34 (1.08-1.68)."""
    if line.estimate is None:
        return "no estimate"
    if line.measure == "rate":
        counts = f"{line.events}/{line.total} = " if line.events is not None and line.total else ""
        ends = (
            ""
            if line.ci_low is None or line.ci_high is None
            else f" ({100 * line.ci_low:.0f}–{100 * line.ci_high:.0f})"
        )
        return f"{counts}{100 * line.estimate:.0f} %{ends}"
    name = f"{line.measure.upper()} " if line.measure in NULLS else ""
    ends = "" if line.ci_low is None or line.ci_high is None else f" ({line.ci_low:.2f} to {line.ci_high:.2f})"
    return f"{name}{line.estimate:.3g}{ends}"
