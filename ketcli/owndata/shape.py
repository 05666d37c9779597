"""Which kind of results a sheet holds: counts of one or two arms, means, changes, or effects as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from ketcli.errors import InputError, KetError, UsageError
from ketcli.owndata.columns import Found
from ketcli.owndata.read import Sheet, is_missing
from ketcli.owndata.roles import ROLES

Kind = Literal["proportion", "two-arm", "mean", "change", "generic"]


@dataclass(frozen=True)
class Shape:
    """One kind of results: what it is called, and its parts, each the ways (sets of roles) it can be given."""

    kind: Kind
    title: str
    measures: str
    parts: tuple[tuple[tuple[str, ...], ...], ...]

    @property
    def roles(self) -> frozenset[str]:
        """Return every role that any way of giving the parts uses."""
        return frozenset(role for part in self.parts for way in part for role in way)


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


def _one(*ways: str) -> tuple[tuple[str, ...], ...]:
    """Return the ways to give a part; a plus sign joins the roles of a way."""
    return tuple(tuple(way.split("+")) for way in ways)


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        shape.kind: shape
        for shape in (
            Shape(
                "two-arm",
                "counts of two arms",
                "RR, OR or RD",
                (
                    _one("events"),
                    _one("total", "nonevents"),
                    _one("control_events"),
                    _one("control_total", "control_nonevents"),
                ),
            ),
            Shape("proportion", "counts of one arm", "PLO", (_one("events"), _one("total", "nonevents"))),
            Shape(
                "mean",
                "means of two arms",
                "MD, SMD or ROM",
                (
                    _one("mean"),
                    _one("sd", "arm_se"),
                    _one("total"),
                    _one("control_mean"),
                    _one("control_sd", "control_se"),
                    _one("control_total"),
                ),
            ),
            Shape(
                "change",
                "means before and after",
                "SMCR",
                tuple(_one(r) for r in ("mean", "sd", "pre_mean", "pre_sd", "total", "correlation")),
            ),
            Shape(
                "generic",
                "effects with their errors",
                "GEN",
                (_one("yi"), _one("vi", "se", "ci_low+ci_high")),
            ),
        )
    }
)
# Shapes whose events are worked out from percents of a total: looked at when no other is complete.
_OF_PERCENTS: Mapping[str, Shape] = MappingProxyType(
    {
        "two-arm": replace(
            SHAPES["two-arm"],
            parts=(
                _one("events", "percent"),
                _one("total"),
                _one("control_events", "control_percent"),
                _one("control_total"),
            ),
        ),
        "proportion": replace(SHAPES["proportion"], parts=(_one("events", "percent"), _one("total"))),
    }
)
_OPTIONAL = ("study", "author", "year", "arm", "part", "crossover", "cluster", "percent", "control_percent")


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
        raise _contradiction(asked, kind)
    whole = [shape for shape in fitting if asked and _complete(shape, asked)]
    arms = has_arms(sheet, found)
    if arms and kind in (None, "two-arm", "mean", "proportion"):
        return _arm_layout(sheet, found, kind)
    complete = whole or [s for s in fitting if _complete(s, {r for r in ROLES if found.has(r)})]
    complete = [s for s in complete if not any(s is not t and s.roles < t.roles for t in complete)]
    if not whole and len(complete) == 1 and complete[0].kind == "two-arm" and kind is None:
        complete += _mostly_one_arm(sheet, found)
    if len(complete) > 1:
        raise _two_readings(sheet, found, complete)
    if not complete:
        complete = _of_percents(found, [shape.kind for shape in fitting])
    if not complete and found.spare:
        return find_layout(sheet, found.with_spares(), kind)
    if not complete:
        raise _nothing_complete(sheet, found, fitting)
    return _layout(complete[0], found)


def _of_percents(found: Found, kinds: Sequence[Kind]) -> list[Shape]:
    """Return the shape that percents of a total complete; `n` beside a percent may be those with the event."""
    totals = [found.named.get(role, "") for role in ("total", "control_total") if role not in found.given]
    if any("n" in re.split(r"[^A-Za-z]+", column) for column in totals):
        return []
    roles = {role for role in ROLES if found.has(role)}
    return [shape for kind, shape in _OF_PERCENTS.items() if kind in kinds and _complete(shape, roles)][:1]


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
    complete = [shape for shape in choices if _complete(shape, present)]
    if len(complete) > 1:
        raise _two_readings(sheet, found, complete)
    if not complete and kind != "mean" and _of_percents(found, ["proportion"]):
        complete = [replace(choices[0], parts=_OF_PERCENTS["proportion"].parts)]
    if not complete and found.spare:
        return _arm_layout(sheet, found.with_spares(), kind)
    if not complete:
        raise _nothing_complete(sheet, found, list(choices))
    layout = _layout(complete[0], found)
    return Layout(layout.shape, layout.columns, layout.constants, arms=True)


def _complete(shape: Shape, roles: set[str]) -> bool:
    return all(any(set(way) <= roles for way in part) for part in shape.parts)


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


def _contradiction(asked: set[str], kind: Kind | None) -> UsageError:
    options = ", ".join(ROLES[role].option for role in ROLES if role in asked)
    if kind is not None:
        strange = sorted(asked - SHAPES[kind].roles)
        return UsageError(
            f"{', '.join(ROLES[role].option for role in strange)} has no place in {SHAPES[kind].title}",
            code="option-without-effect",
            hint=f"leave it out, or choose a measure for it; {SHAPES[kind].title} take "
            + ", ".join(_options(SHAPES[kind])),
        )
    return UsageError(
        f"{options} do not go together",
        code="option-conflict",
        hint="; ".join(f"{shape.title}: {' '.join(_options(shape))}" for shape in SHAPES.values()),
    )


def _two_readings(sheet: Sheet, found: Found, shapes: list[Shape]) -> UsageError:
    ways = []
    for shape in shapes:
        names = [found.named.get(role) or found.given.get(role) for role in ROLES if role in shape.roles]
        ways.append(f"{shape.title} ({', '.join(name for name in names if name)})")
    hints = [f"--measure {shape.measures} for {shape.title}" for shape in shapes]
    return UsageError(
        f"{sheet.name} can be read as {' or as '.join(ways)}", code="two-readings", hint=", ".join(hints)
    )


def _nothing_complete(sheet: Sheet, found: Found, shapes: list[Shape]) -> KetError:
    """Say what the nearest shape still needs and which columns there are."""

    best = min(shapes, key=lambda shape: len(_lacking(shape, found)) / len(shape.parts))
    lacking = _lacking(best, found)
    header = ", ".join(repr(name) for name in sheet.header[:20]) + (" ..." if len(sheet.header) > 20 else "")
    others = [s for s in SHAPES.values() if s not in shapes and _complete(s, {r for r in ROLES if found.has(r)})]
    if others:
        return UsageError(
            f"{sheet.name} holds {others[0].title}, not {best.title}",
            code="other-results",
            hint=f"leave --measure out, or use {others[0].measures}",
        )
    if len(lacking) == len(best.parts):
        return InputError(
            f"{sheet.name}: no column name says what to pool; the columns are {header}",
            code="no-columns",
            hint=_which_control(found)
            or "name them: --events and --total, with --control-events and --control-total for two arms; "
            "--mean --sd --n and the same of --control; --yi with --se or --vi",
        )
    needs = ", ".join(" or ".join(map(_way, part)) for part in lacking)
    ways = (" or ".join(filter(None, map(_option, part))) for part in lacking)
    return UsageError(
        f"{sheet.name}: {best.title} need a column of {needs}; the columns are {header}",
        code="missing-column",
        hint=_which_control(found) or "say which it is: " + " ".join(ways),
    )


def _option(way: tuple[str, ...]) -> str:
    """Return the options that name a way of giving a part, "" when it has none."""
    options = [ROLES[role].option for role in way]
    return " ".join(f"{option} COLUMN" for option in options) if all(options) else ""


def _which_control(found: Found) -> str:
    """Return the hint to say which of two arms is the control, "" when there are not two of one make."""
    words = found.sides
    if len(words) != 2:
        return ""
    return f"say which arm is the control: --control {' or --control '.join(words)}; or name the columns by options"


def _lacking(shape: Shape, found: Found) -> list[tuple[tuple[str, ...], ...]]:
    return [part for part in shape.parts if not any(all(found.has(role) for role in way) for way in part)]


def _options(shape: Shape) -> list[str]:
    return [ROLES[role].option for part in shape.parts for role in part[0]]


def _way(way: tuple[str, ...]) -> str:
    return " and ".join(role.replace("_", " ") for role in way)
