"""Which kind of results a sheet holds: counts of one or two arms, means, changes, or effects as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ketcli.naming.roles import ROLES
from ketcli.owndata.columns import Found
from ketcli.owndata.read import Sheet, is_missing
from ketcli.owndata.refusals import contradiction, nothing_complete, two_readings
from ketcli.owndata.shapes import OF_PERCENTS, SHAPES, Kind, Shape

_OPTIONAL = ("study", "author", "year", "arm", "part", "crossover", "cluster", "percent", "control_percent")


@dataclass(frozen=True)
class Layout:
    """The shape of a sheet and the column (or constant) of each role it needs; `arms` when a row is one arm."""

    shape: Shape
    columns: Mapping[str, str]
    constants: Mapping[str, float]
    arms: bool = False

    def described(self) -> str:
        """Return the columns in use by role, for a note: tpos (events), n1i (total)."""
        named = [f"{column} ({role.replace('_', ' ')})" for role, column in self.columns.items()]
        return ", ".join([*named, *(f"{value:g} ({role})" for role, value in self.constants.items())])


def find_layout(sheet: Sheet, found: Found, kind: Kind | None) -> Layout:
    """Return how to read the sheet: the only shape its columns complete.

    `kind` is the one a measure or model asks for. Options decide: a shape that the columns named by options
    complete alone comes first. Raises UsageError when the columns fit several shapes, InputError when they
    complete none.
    """
    asked = {role for role in (*found.given, *found.constants) if role not in _OPTIONAL}
    wanted = [shape for shape in SHAPES.values() if kind is None or shape.kind == kind]
    fitting = [shape for shape in wanted if asked <= shape.roles]
    if not fitting:
        raise contradiction(asked, kind)
    whole = [shape for shape in fitting if asked and shape.is_complete(asked)]
    arms = has_arms(sheet, found)
    if arms and kind in (None, "two-arm", "mean", "proportion"):
        return _arm_layout(sheet, found, kind)
    complete = whole or [s for s in fitting if s.is_complete({r for r in ROLES if found.has(r)})]
    complete = [s for s in complete if not any(s is not t and s.roles < t.roles for t in complete)]
    if not whole and len(complete) == 1 and complete[0].kind == "two-arm" and kind is None:
        complete += _mostly_one_arm(sheet, found)
    if len(complete) > 1:
        raise two_readings(sheet, found, complete)
    if not complete:
        complete = _of_percents(found, [shape.kind for shape in fitting])
    if not complete and found.spare:
        return find_layout(sheet, found.with_spares(), kind)
    if not complete:
        raise nothing_complete(sheet, found, fitting)
    return _layout(complete[0], found)


def _of_percents(found: Found, kinds: Sequence[Kind]) -> list[Shape]:
    """Return the shape that percents of a total complete; `n` beside a percent may be those with the event."""
    totals = [found.named.get(role, "") for role in ("total", "control_total") if role not in found.given]
    if any("n" in re.split(r"[^A-Za-z]+", column) for column in totals):
        return []
    roles = {role for role in ROLES if found.has(role)}
    return [shape for kind, shape in OF_PERCENTS.items() if kind in kinds and shape.is_complete(roles)][:1]


def _mostly_one_arm(sheet: Sheet, found: Found) -> list[Shape]:
    """Return the shape of single arms when most rows have numbers of one arm alone, else nothing."""
    controls = [c for role in ("control_events", "control_total") if (c := found.get(role))]
    alone = sum(any(is_missing(cell) for cell in row) for row in zip(*map(sheet.column, controls), strict=True))
    return [SHAPES["proportion"]] if 2 * alone > len(sheet.rows) else []


def has_arms(sheet: Sheet, found: Found) -> bool:
    """Return whether a row is one arm of a study: an arm or a role column, studies on several rows, no controls."""
    if "arm" in found.given or "part" in found.given:
        return True
    if any(role.startswith("control_") and found.has(role) for role in ROLES):
        return False
    if not (found.has("part") or found.has("arm")) or not found.has("study"):
        return False
    study = found.get("study")
    names = sheet.column(study) if study else ()
    return len(set(names)) < len(names) and not found.has("yi")


def _arm_layout(sheet: Sheet, found: Found, kind: Kind | None) -> Layout:
    """Return the layout of one row per arm: counts or means of the arm itself."""
    present = {role for role in ROLES if found.has(role)}
    counts = Shape("two-arm", "counts, one row per arm", "RR, OR or RD", SHAPES["proportion"].parts)
    means = Shape("mean", "means, one row per arm", "MD, SMD or ROM", SHAPES["mean"].parts[:3])
    single = Shape("proportion", "counts, one row per arm", "PLO", SHAPES["proportion"].parts)
    choices = {None: (counts, means), "two-arm": (counts,), "mean": (means,), "proportion": (single,)}[kind]
    complete = [shape for shape in choices if shape.is_complete(present)]
    if len(complete) > 1:
        raise two_readings(sheet, found, complete)
    if not complete and kind != "mean" and _of_percents(found, ["proportion"]):
        complete = [replace(choices[0], parts=OF_PERCENTS["proportion"].parts)]
    if not complete and found.spare:
        return _arm_layout(sheet, found.with_spares(), kind)
    if not complete:
        raise nothing_complete(sheet, found, list(choices))
    layout = _layout(complete[0], found)
    return Layout(layout.shape, layout.columns, layout.constants, arms=True)


def _layout(shape: Shape, found: Found) -> Layout:
    """Take the first way of each part that is there, an option before a name."""
    columns: dict[str, str] = {}
    constants: dict[str, float] = {}
    for part in shape.parts:
        ways = sorted(part, key=lambda way: not any(role in found.given for role in way))
        for role in next(way for way in ways if all(found.has(role) for role in way)):
            if role in found.constants:
                constants[role] = found.constants[role]
            elif column := found.get(role):
                columns[role] = column
    return Layout(shape, columns, constants)
