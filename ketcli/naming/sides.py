"""Two arms told apart by the words beside their quantities, where the words are no usual ones for arms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set

from ketcli.errors import UsageError
from ketcli.naming.roles import read_other_arm

Sides = Mapping[str, Mapping[str, Sequence[str]]]
# Quantities of arms by the role they play in the treated one.
_OF_ARMS = {
    **{quantity: quantity for quantity in ("events", "nonevents", "total", "mean", "sd")},
    "arm_se": "se",
}


def find_sides(header: Iterable[str], has_numbers: Callable[[str], bool]) -> Sides:
    """Return, by the word beside them, the columns of quantities that no usual word gives an arm."""
    sides: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for column in header:
        read = read_other_arm(column)
        if read and has_numbers(column):
            quantity, word = read
            sides[word][quantity].append(column)
    return {word: {**columns} for word, columns in sides.items() if len(columns) > 1}


def refuse_third_arm(name: str, sides: Sides, named: Mapping[str, str], chosen: Mapping[str, str]) -> None:
    """Raise UsageError for arms that are numbered beyond two: which two are compared must be said."""
    further = [c for word, of in sides.items() if word.isdecimal() for columns in of.values() for c in columns]
    numbered = [c for role, c in named.items() if role.startswith("control_") and "2" in c]
    if further and numbered and not any(role.startswith("control_") for role in chosen):
        raise UsageError(
            f"{name} holds more than two arms: {', '.join(map(repr, [*numbered, *further][:6]))}",
            code="ambiguous-column",
            hint="name the columns of the two to compare: --events --total --control-events --control-total, "
            "or --mean --sd --n and the same of --control",
        )


def other_side(sides: Sides, known: Set[str], controls: Sequence[str]) -> dict[str, Sequence[str]]:
    """Return roles for columns of arms of unusual names: the control's by option, the other side by what fits.

    `known` are the roles of columns that name their arm: beside bare `events` and `n` other words are no arms.
    """
    out: dict[str, Sequence[str]] = {}
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


def _control(quantity: str) -> str:
    return f"control_{quantity}"
