"""From one row per arm to one row per comparison: active arms against the control of their own study.

Several active arms are put together, or kept apart against the control they share (Cochrane Handbook 23.3.4); of a
crossover the first period is taken where it is given (23.2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ketcli.errors import DataError, Problem, UsageError
from ketcli.naming.words import ACTIVE, CONTROL, FIRST, part_of, part_of_name
from ketcli.owndata.trials import Trial, also

# What --control takes when no arm is a control.
NOBODY = "none"


@dataclass(frozen=True)
class Formed:
    """Comparisons made from arms, what was done to make them, and how many arms were put together or kept apart."""

    trials: list[Trial]
    notes: tuple[str, ...]


def first_periods(trials: Sequence[Trial], group: str) -> Formed:
    """Return the rows without later or pooled periods of studies whose first period is there, with a note."""
    firsts = {(t.study, t.arm, t.texts.get(group, "")) for t in trials if t.crossover == FIRST}
    kept = [
        t for t in trials if t.crossover in ("", FIRST) or (t.study, t.arm, t.texts.get(group, "")) not in firsts
    ]
    stayed = {id(trial) for trial in kept}
    dropped = [t.line for t in trials if id(t) not in stayed]
    crossed = sorted({t.label for t in kept if t.crossover})
    notes = []
    if dropped:
        lines = ", ".join(str(line) for line in dropped)
        notes.append(f"Crossovers: the first period is used; line{'s' * (len(dropped) > 1)} {lines} left out.")
    if pooled := [name for name in crossed if any(t.label == name and t.crossover != FIRST for t in kept)]:
        notes.append(
            f"Crossover, taken as if its arms were different people, which makes its interval too wide: "
            f"{', '.join(pooled)}. First-period counts would be better (Handbook 23.2)."
        )
    return Formed(kept, tuple(notes))


def assign_parts(trials: Sequence[Trial], name: str, controls: Sequence[str]) -> list[Trial]:
    """Return the arms, each active or control: by --control, the role column, or a name that can only be a control.

    What --control names is a control besides those that are known to be one.

    --control none makes all arms active.

    Raises DataError for roles that are neither, UsageError when nothing says which arms are controls.
    """
    wanted = {c.casefold() for c in controls}
    if wanted == {NOBODY}:
        return [replace(trial, part=ACTIVE) for trial in trials]
    known = {t.arm.casefold() for t in trials} | {t.part.casefold() for t in trials}
    if strange := sorted(wanted - known):
        raise UsageError(f"no arm is called {strange[0]!r}", code="unknown-value",
                         hint="arms: " + ", ".join(sorted({t.arm or t.part for t in trials})[:12]))  # fmt: skip
    problems: list[Problem] = []
    out = []
    for trial in trials:
        part = _part(trial, wanted)
        if not part:
            problems.append(
                Problem(
                    "unknown-role",
                    name,
                    trial.line,
                    "",
                    trial.part,
                    f"the role {trial.part!r} is neither active nor control",
                    "write active or control, or name the controls: --control NAME",
                )
            )
        out.append(replace(trial, part=part))
    if problems:
        raise DataError(problems, hint=also(problems))
    if not any(trial.part == CONTROL for trial in out):
        arms = ", ".join(sorted({t.arm or t.part for t in trials})[:12])
        raise UsageError(
            f"{name}: no arm is known to be a control",
            code="no-control",
            hint=f"say which: --control NAME (repeatable), or --control {NOBODY}; the arms are {arms}",
        )
    return out


def _part(trial: Trial, wanted: set[str]) -> str:
    if {trial.arm.casefold(), trial.part.casefold()} & wanted:
        return CONTROL
    if trial.part and not wanted:
        return part_of(trial.part)
    return part_of(trial.part) or part_of_name(trial.arm) or ACTIVE


def form_comparisons(
    trials: Sequence[Trial], name: str, *, group: str, keep_arms: bool, merge: Callable[[Sequence[Trial]], Trial]
) -> Formed:
    """Return one comparison per study and value of the column `group`, or one per active arm with `keep_arms`.

    `merge` makes one arm of several. Arms without a number take no part; a study without an active or a control
    arm stays as a row with the reason.
    """
    _refuse_repeats(trials, name, group)
    combined: list[str] = []
    apart: list[str] = []
    out: list[Trial] = []
    for arms in _by_study(trials).values():
        for active, control in _sides(arms, group):
            whole = [a for a in active if not a.reason]
            against = [c for c in control if not c.reason]
            if not whole or not against:
                first = (active or control)[0]
                lacks = "control" if whole or not control else "active"
                reason = f"no {lacks} arm" if not (active and control) else (active + control)[0].reason
                reason += " known (--control NAME)" if reason == "no control arm" else ""
                out.append(_bare(first, reason or "numbers missing"))
                continue
            controls = merge(against)
            sets = [[arm] for arm in whole] if keep_arms else [whole]
            out += [_comparison(merge(side), controls, apart=keep_arms and len(whole) > 1) for side in sets]
            if len(whole) > 1:
                (apart if keep_arms else combined).append(f"{whole[0].label} ({len(whole)})")
            if len(against) > 1:
                combined.append(f"{whole[0].label} (controls, {len(against)})")
    return Formed(out, (*_parts_note(trials), *_said(combined, apart)))


def active_arms(
    trials: Sequence[Trial], name: str, *, group: str, by_part: bool, merge: Callable[[Sequence[Trial]], Trial]
) -> Formed:
    """Return one row per study (and value of `group`): its active arms together; with `by_part` controls too."""
    _refuse_repeats(trials, name, group)
    sets: dict[tuple[str, str, str], list[Trial]] = defaultdict(list)
    for trial in trials:
        if trial.part == ACTIVE or by_part:
            sets[trial.study, trial.texts.get(group, ""), trial.part if by_part else ""].append(trial)
    combined = [f"{arms[0].label} ({len(arms)})" for arms in sets.values() if len(arms) > 1]
    out = [merge([a for a in arms if not a.reason] or arms[:1]) for arms in sets.values()]
    note = () if by_part else ("Active arms alone; controls are never pooled with them (--by with the role column "
                               "shows both).",)  # fmt: skip
    return Formed(out, (*_parts_note(trials), *note, *_said(combined, [])))


def _by_study(trials: Sequence[Trial]) -> dict[str, list[Trial]]:
    studies: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        studies[trial.study].append(trial)
    return studies


def _sides(arms: Sequence[Trial], group: str) -> list[tuple[list[Trial], list[Trial]]]:
    """Return active arms with their controls, per value of the column `group` among the active arms.

    Controls of the same value go with them; where no control has it, all controls of the study do.
    """
    values = dict.fromkeys(arm.texts.get(group, "") for arm in arms if arm.part == ACTIVE)
    controls = [arm for arm in arms if arm.part == CONTROL]
    if not values:
        return [([], controls)]
    sides = []
    for value in values:
        active = [arm for arm in arms if arm.part == ACTIVE and arm.texts.get(group, "") == value]
        same = [arm for arm in controls if arm.texts.get(group, "") == value]
        sides.append((active, same or controls))
    return sides


def _comparison(active: Trial, control: Trial, *, apart: bool) -> Trial:
    numbers = dict(active.numbers) | {f"control_{role}": value for role, value in control.numbers.items()}
    name = f"{active.label}: {active.arm}" if apart and active.arm else active.label
    versus = " v ".join(filter(None, (active.arm, control.arm)))
    return replace(
        active, label=name, numbers=numbers, arms=versus, crossover=active.crossover or control.crossover
    )


def _bare(trial: Trial, reason: str) -> Trial:
    """Return a row of one arm alone, which shows its numbers and cannot be pooled."""
    sign = "control_" if trial.part == CONTROL else ""
    numbers = {f"{sign}{role}": value for role, value in trial.numbers.items()}
    return replace(trial, numbers=numbers, arms=trial.arm, reason=reason)


def _refuse_repeats(trials: Sequence[Trial], name: str, group: str) -> None:
    """Raise DataError for an arm that stands twice: its people would count twice."""
    seen: dict[tuple[str, str, str, str], int] = {}
    problems = []
    for trial in trials:
        key = (trial.study, trial.arm, trial.part, trial.texts.get(group, ""))
        if trial.arm and key in seen:
            problems.append(
                Problem(
                    "arm-twice",
                    name,
                    trial.line,
                    "",
                    trial.arm,
                    f"arm {trial.arm!r} of {trial.study!r} stands on line {seen[key]} already",
                    "choose one outcome and one time: --where COLUMN=VALUE, or pool each by itself: --by COLUMN",
                )
            )
        seen.setdefault(key, trial.line)
    if problems:
        raise DataError(problems, hint=also(problems))


def _parts_note(trials: Sequence[Trial]) -> tuple[str, ...]:
    """Return which arms were taken for active and which for controls, by name."""
    names = {part: dict.fromkeys(t.arm for t in trials if t.part == part and t.arm) for part in (ACTIVE, CONTROL)}
    if not any(names.values()):
        return ()
    told = [
        f"{part}: {', '.join(list(found)[:8])}{' ...' if len(found) > 8 else ''}" for part, found in names.items()
    ]
    return (f"One row per arm. {'; '.join(told)}.",)


def _said(combined: Sequence[str], apart: Sequence[str]) -> tuple[str, ...]:
    notes = []
    if combined:
        notes.append(
            f"Arms of one study put together, nobody counted twice (Handbook 23.3.4): {', '.join(combined)}. "
            "--keep-arms keeps active arms apart."
        )
    if apart:
        notes.append(
            f"Active arms kept apart against the control they share: {', '.join(apart)}. Their effects are "
            "correlated; the covariance is in the model."
        )
    return tuple(notes)
