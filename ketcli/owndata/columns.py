"""Which column of a sheet plays which part: by option, else by name; doubt is a question, never a guess."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from statistics import NormalDist

from ketcli.errors import UsageError
from ketcli.owndata.read import Sheet, is_missing, is_number
from ketcli.owndata.roles import ROLES, read_name, read_other_arm, squash, text_names
from ketcli.owndata.vocabulary import BESIDE, WHOLE


@dataclass(frozen=True)
class Found:
    """Columns by role: `given` by option, `named` recognised by name; `rivals` are roles several columns claim.

    `spare` are columns whose names fit but that hold no number, `twice` names that stand in the header repeatedly.
    `sides` are words that columns of counts or means have beside them, as those of arms, of which none is known.
    """

    given: Mapping[str, str]
    named: Mapping[str, str]
    rivals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constants: Mapping[str, float] = field(default_factory=dict)
    spare: Mapping[str, str] = field(default_factory=dict)
    twice: frozenset[str] = frozenset()
    sides: tuple[str, ...] = ()

    def with_spares(self) -> Found:
        """Return the same with columns that hold no number where no other plays the role."""
        return replace(self, named={**self.spare, **self.named}, spare={})

    def get(self, role: str) -> str | None:
        """Return the column of a role, None when no column plays it; UsageError when several claim it."""
        if role in self.given:
            return self.given[role]
        if self.named.get(role) in self.twice:
            raise UsageError(
                f"column {self.named[role]!r} stands in the header more than once",
                code="duplicate-column",
                hint="rename one of them, or say which column to use with an option",
            )
        if role in self.rivals:
            columns = " or ".join(repr(column) for column in self.rivals[role])
            option = ROLES[role].option
            raise UsageError(
                f"{ROLES[role].meaning}: is it column {columns}?",
                code="ambiguous-column",
                hint=f"say {option} COLUMN" if option else "rename one of them",
            )
        return self.named.get(role)

    def has(self, role: str) -> bool:
        """Return whether a column, several that claim it, or a constant can play the role."""
        return role in self.given or role in self.named or role in self.rivals or role in self.constants


def find_columns(sheet: Sheet, given: Mapping[str, str], controls: Sequence[str] = ()) -> Found:
    """Return the columns of a sheet by role; `given` are the columns named by options, by role.

    `controls` are words for the control arm in names of columns (`Events midazolam`), beside the usual ones. Where
    one side is known, the columns of one other word that fit it are the other side.

    Raises UsageError for a column that is not there and for one column in two parts. A number in the place of a
    column is a constant where that makes sense (the correlation).
    """
    constants = {}
    chosen: dict[str, str] = {}
    for role, wanted in given.items():
        if role == "correlation" and wanted not in sheet.header and is_number(wanted) and not is_missing(wanted):
            constants[role] = float(wanted)
            continue
        chosen[role] = sheet.find(wanted, ROLES[role].option)
        if role in ("ci_low", "ci_high"):
            _refuse_other_level(chosen[role])
    _refuse_double_use(chosen)
    named: dict[str, str] = {}
    rivals: dict[str, tuple[str, ...]] = {}
    for role, columns in _claims(sheet, chosen, numeric=True).items():
        if len(columns) == 1:
            named[role] = columns[0]
        elif len(columns) > 1:
            rivals[role] = tuple(columns)
    sides = _sides(sheet, chosen)
    _refuse_third_arm(sheet, sides, named, chosen)
    armed = {role for role, column in named.items() if (read := read_name(column)) and read.rank > 1}
    named |= _other_side(sides, {*armed, *rivals}, [squash(word) for word in controls])
    named |= {role: column for role in ("study", "author", "year", "arm", "part", "crossover")
              if role not in chosen and (column := _text_column(sheet, role, chosen))}  # fmt: skip
    spare = {role: columns[0] for role, columns in _claims(sheet, chosen, numeric=False).items()}
    unknown = tuple(sides) if not any(role.startswith("control_") for role in (*named, *rivals, *chosen)) else ()
    return Found(chosen, named, rivals, constants, spare, sheet.twice, unknown)


def _sides(sheet: Sheet, chosen: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return, by the word beside them, the columns of quantities that no usual word gives an arm."""
    sides: dict[str, dict[str, str]] = defaultdict(dict)
    for column in sheet.header:
        read = read_other_arm(column)
        if read and column not in chosen.values() and sheet.has_numbers(column):
            quantity, word = read
            sides[word][quantity] = "" if quantity in sides[word] else column  # two columns of one: neither
    known = {word: {q: c for q, c in columns.items() if c} for word, columns in sides.items()}
    return {word: columns for word, columns in known.items() if len(columns) > 1}


def _refuse_third_arm(
    sheet: Sheet, sides: Mapping[str, Mapping[str, str]], named: Mapping[str, str], chosen: Mapping[str, str]
) -> None:
    """Raise UsageError for arms that are numbered beyond two: which two are compared must be said."""
    further = [column for word, columns in sides.items() if word.isdecimal() for column in columns.values()]
    numbered = [c for role, c in named.items() if role.startswith("control_") and "2" in c]
    if further and numbered and not any(role.startswith("control_") for role in chosen):
        raise UsageError(
            f"{sheet.name} holds more than two arms: {', '.join(map(repr, [*numbered, *further][:6]))}",
            code="ambiguous-column",
            hint="name the columns of the two to compare: --events --total --control-events --control-total, "
            "or --mean --sd --n and the same of --control",
        )


def _other_side(sides: Mapping[str, Mapping[str, str]], known: Set[str], controls: Sequence[str]) -> dict[str, str]:
    """Return roles for columns of arms of unusual names: the control's by option, the other side by what fits.

    `known` are the roles of columns that name their arm: beside bare `events` and `n` other words are no arms.
    """
    out: dict[str, str] = {}
    for word, columns in sides.items():
        if word in controls:
            out |= {_control(quantity): column for quantity, column in columns.items()}
    have = {*known, *out}
    if "yi" in have and have & {"vi", "se"}:  # effects that are there need no counts or means guessed at
        return out
    against = {role for role in have if role.startswith("control_")}
    treated = {_OF_ARMS[role] for role in have if role in _OF_ARMS}
    rest = {word: columns for word, columns in sides.items() if word not in controls}
    if against and not treated & {"events", "mean"}:
        fitting = [c for c in rest.values() if against <= {_control(q) for q in c}]
        if len(fitting) == 1:
            out |= {role: fitting[0][quantity] for role, quantity in _OF_ARMS.items() if quantity in fitting[0]}
    elif treated & {"events", "mean"} and not against:
        fitting = [c for c in rest.values() if treated <= set(c)]
        if len(fitting) == 1:
            out |= {_control(q): column for q, column in fitting[0].items()}
    return out


# Quantities of arms by the role they play in the treated one.
_OF_ARMS = {
    **{quantity: quantity for quantity in ("events", "nonevents", "total", "mean", "sd")},
    "arm_se": "se",
}


def _control(quantity: str) -> str:
    return f"control_{quantity}"


def _refuse_other_level(column: str) -> None:
    """Raise UsageError for limits of an interval that is not one of 95 %, by the name of their column."""
    level = re.search(r"(?<!\d)(\d\d(?:\.\d+)?)(?:\s*%|\s*-?\s*(?:CI|KI|IC))", column)
    if level is None or float(level[1]) in (95.0, 0.0):
        return
    width = 2.0 * NormalDist().inv_cdf(0.5 + float(level[1]) / 200.0)
    raise UsageError(
        f"column {column!r} holds limits of {level[1]} %, and limits are taken for those of 95 %",
        code="other-results",
        hint=f"name a column of standard errors with --se: (upper - lower) / {width:.3f}, of logarithms for ratios",
    )


def _refuse_double_use(chosen: Mapping[str, str]) -> None:
    by_column: dict[str, list[str]] = defaultdict(list)
    for role, column in chosen.items():
        if ROLES[role].numeric:
            by_column[column].append(ROLES[role].option)
    for column, options in by_column.items():
        if len(options) > 1:
            raise UsageError(
                f"column {column!r} is named by {' and '.join(options)}",
                code="column-twice",
                hint="every part needs a column of its own",
            )


def _claims(sheet: Sheet, chosen: Mapping[str, str], *, numeric: bool) -> dict[str, list[str]]:
    """Return, per role that no option settles, the columns whose names say it most plainly.

    With `numeric` those that hold a number, else the others.
    """
    ranked: dict[str, list[tuple[int, str]]] = defaultdict(list)
    names = {squash(column) for column in sheet.header}
    for column in sheet.header:
        reading = read_name(column)
        if reading is None or column in chosen.values() or names.isdisjoint(BESIDE.get(column.lower(), names)):
            continue
        if WHOLE.get(column.lower()) in names:
            continue
        if reading.role not in chosen and reading.role in ROLES and sheet.has_numbers(column) == numeric:
            ranked[reading.role].append((reading.rank, column))
    best = {role: max(rank for rank, _ in columns) for role, columns in ranked.items()}
    return {role: [c for rank, c in columns if rank == best[role]] for role, columns in ranked.items()}


def _text_column(sheet: Sheet, role: str, chosen: Mapping[str, str]) -> str | None:
    """Return the first column that bears one of a text role's names, in the order of the names."""
    taken = set(chosen.values())
    for name in text_names(role):
        for column in sheet.header:
            if squash(column) == name and column not in taken and not sheet.is_empty(column):
                return column
    return None
