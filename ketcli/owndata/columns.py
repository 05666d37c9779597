"""Which column of a sheet plays which part: by option, else by name; doubt is a question, never a guess."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist

from ketcli.errors import UsageError
from ketcli.naming.roles import ROLES, read_name, squash, text_names
from ketcli.naming.sides import find_sides, other_side, refuse_third_arm
from ketcli.naming.vocabulary import BESIDE, WHOLE
from ketcli.owndata.read import Sheet, is_missing, is_number


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
    named, rivals = _played(_claims(sheet, chosen, numeric=True))
    sides = find_sides((c for c in sheet.header if c not in chosen.values()), sheet.has_numbers)
    refuse_third_arm(sheet.name, sides, named, chosen)
    armed = {role for role, column in named.items() if (read := read_name(column)) and read.rank > 1}
    others = other_side(sides, {*armed, *rivals}, [squash(word) for word in controls])
    more, doubted = _played({role: columns for role, columns in others.items() if role not in chosen})
    named, rivals = {**named, **more}, {**rivals, **doubted}
    named |= {role: column for role in ("study", "author", "year", "arm", "part", "crossover")
              if role not in chosen and (column := _text_column(sheet, role, chosen))}  # fmt: skip
    spare = {role: columns[0] for role, columns in _claims(sheet, chosen, numeric=False).items()}
    unknown = tuple(sides) if not any(role.startswith("control_") for role in (*named, *rivals, *chosen)) else ()
    return Found(chosen, named, rivals, constants, spare, sheet.twice, unknown)


# How plainly a name says its role when it does so with the word of an arm.
_OF_AN_ARM = 2


def _played(claims: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Return the only column of each role, and the columns of roles that several claim."""
    alone = {role: columns[0] for role, columns in claims.items() if len(columns) == 1}
    return alone, {role: tuple(columns) for role, columns in claims.items() if len(columns) > 1}


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
    for role, rank in best.items():  # `events.1` beside `events` is the second of two when no control has a name
        if rank == _OF_AN_ARM and f"control_{role}" in ROLES and f"control_{role}" not in {*ranked, *chosen}:
            ranked[role] = [(rank, column) for _, column in ranked[role]]
    return {role: [c for rank, c in columns if rank == best[role]] for role, columns in ranked.items()}


def _text_column(sheet: Sheet, role: str, chosen: Mapping[str, str]) -> str | None:
    """Return the first column that bears one of a text role's names, in the order of the names."""
    taken = set(chosen.values())
    for name in text_names(role):
        for column in sheet.header:
            if squash(column) == name and column not in taken and not sheet.is_empty(column):
                return column
    return None
