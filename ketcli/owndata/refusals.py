"""What is said of a table whose results cannot be told: options that clash, two readings, columns that lack."""

from __future__ import annotations

from ketcli.errors import InputError, KetError, UsageError
from ketcli.naming.roles import ROLES, squash
from ketcli.naming.vocabulary import AT_RISK
from ketcli.owndata.columns import Found
from ketcli.owndata.read import Sheet
from ketcli.owndata.shapes import SHAPES, Kind, Part, Shape


def contradiction(asked: set[str], kind: Kind | None) -> UsageError:
    """Say which of the columns named by options go together in no shape, or not in the one asked for."""
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


def two_readings(sheet: Sheet, found: Found, shapes: list[Shape]) -> UsageError:
    """Say which shapes the columns complete, each by the columns it would take, and how to choose one."""
    ways = []
    for shape in shapes:
        names = [found.named.get(role) or found.given.get(role) for role in ROLES if role in shape.roles]
        ways.append(f"{shape.title} ({', '.join(name for name in names if name)})")
    hints = [f"--measure {shape.measures} for {shape.title}" for shape in shapes]
    return UsageError(
        f"{sheet.name} can be read as {' or as '.join(ways)}", code="two-readings", hint=", ".join(hints)
    )


def nothing_complete(sheet: Sheet, found: Found, shapes: list[Shape]) -> KetError:
    """Say what the nearest shape still needs and which columns there are."""
    best = min(shapes, key=lambda shape: len(shape.lacking(_there(found))) / len(shape.parts))
    lacking = best.lacking(_there(found))
    hint = _which_control(found) or _time_at_risk(sheet, lacking)
    header = ", ".join(repr(name) for name in sheet.header[:20]) + (" ..." if len(sheet.header) > 20 else "")
    others = [s for s in SHAPES.values() if s not in shapes and s.is_complete(_there(found))]
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
            hint=hint
            or "name them: --events and --total, with --control-events and --control-total for two arms; "
            "--mean --sd --n and the same of --control; --yi with --se or --vi",
        )
    needs = ", ".join(" or ".join(map(_way, part)) for part in lacking)
    ways = (" or ".join(filter(None, map(_option, part))) for part in lacking)
    return UsageError(
        f"{sheet.name}: {best.title} need a column of {needs}; the columns are {header}",
        code="missing-column",
        hint=hint or "say which it is: " + " ".join(ways),
    )


def _there(found: Found) -> set[str]:
    return {role for role in ROLES if found.has(role)}


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


def _time_at_risk(sheet: Sheet, lacking: list[Part]) -> str:
    """Return the hint for events in person-time, which are no proportion of people; "" where there are none."""
    times = [repr(column) for column in sheet.header if AT_RISK.fullmatch(squash(column))]
    if not times or not any(("total",) in part for part in lacking):
        return ""
    return (
        f"{' and '.join(times)} may be time at risk, over which ket pools no events: give the logarithms of the "
        "rate ratios and their errors, --yi COLUMN --se COLUMN --effects-are log; for people, --total COLUMN"
    )


def _options(shape: Shape) -> list[str]:
    return [ROLES[role].option for part in shape.parts for role in part[0]]


def _way(way: tuple[str, ...]) -> str:
    return " and ".join(role.replace("_", " ") for role in way)
