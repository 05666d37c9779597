"""Which rows of a table are pooled: those asked for by value, and nobody twice for another outcome or time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ketcli.errors import InputError, UsageError, unknown_value
from ketcli.evidence.cells import shown
from ketcli.evidence.flat_names import TEXT_NAMES, TIME_UNITS
from ketcli.naming.roles import squash
from ketcli.owndata.read import Sheet, is_number, read_number
from ketcli.owndata.trials import Trial

_HARMS = ("adverseevent", "adverseeffect", "sideeffect", "symptom", "term")
# what may differ between rows about the same people, by the names of columns for it
_REPEATS: dict[str, frozenset[str]] = {
    "outcome": frozenset((*TEXT_NAMES["outcome"], *_HARMS)),
    "time": frozenset(
        name for name, unit in TIME_UNITS.items() if unit is None or name.startswith(("time", "follow"))
    ),
    "scale": frozenset(TEXT_NAMES["scale"]),
    "analysis set": frozenset(TEXT_NAMES["analysis_set"]),
}
# hours or weeks may be those of the treatment, too: they tell of repetitions only beside equal numbers of people
_DURATIONS = frozenset(TIME_UNITS) - _REPEATS["time"]
_TOLD = 4


def only_where(sheet: Sheet, wanted: Sequence[str]) -> tuple[Sheet, tuple[str, ...]]:
    """Return the rows that have the values asked for as COLUMN=VALUE, and what is to be said of the rest.

    Several values of one column are alternatives. Numbers are compared as numbers, words without regard to case.
    UsageError for another form, a column or a value that is not there; InputError when no row has them all.
    """
    if not wanted:
        return sheet, ()
    values: dict[str, set[str | float]] = defaultdict(set)
    for typed in wanted:
        name, sign, value = typed.partition("=")
        if not sign or not name:
            raise UsageError(
                f"--where takes COLUMN=VALUE, not {typed!r}",
                code="bad-where",
                hint="such as --where outcome=response",
            )
        column = sheet.find(name, "--where")
        there = {_value(cell): cell for cell in sheet.column(column)}
        if _value(value) not in there:
            raise unknown_value(f"value of {column}", value, there.values())
        values[column].add(_value(value))
    kept = list(range(len(sheet.rows)))
    for column, sought in values.items():
        cells = sheet.column(column)
        kept = [i for i in kept if _value(cells[i]) in sought]
    if not kept:
        raise InputError(
            f"{sheet.name}: no row has all of {', '.join(wanted)}", code="no-rows", hint="leave one out"
        )
    left = len(sheet.rows) - len(kept)
    note = f"{left} row{'s' * (left != 1)} left out by --where {' --where '.join(map(shown, wanted))}."
    return sheet.take(kept), (note,)


def _value(cell: str) -> str | float:
    number = read_number(cell) if is_number(cell) else None
    return cell.strip().casefold() if number is None else number


def refuse_repeats(trials: Sequence[Trial], name: str, group: str, study: str) -> None:
    """Raise UsageError `people-twice` for rows of one study in one pool with different outcomes, times or the like.

    Their people are the same, and a pooled line would count them as often as there are rows. `name` is the file's,
    `study` the column of the studies.
    """
    for same in of_one_study(trials, group):
        for what, column, values in _differences(same):
            raise _repeated(name, same, what, (column, study), values)


def repeats(trials: Sequence[Trial]) -> bool:
    """Return whether rows of one study differ in outcome, time or the like: over all of them people count twice."""
    return any(True for same in of_one_study(trials, "") for _ in _differences(same))


def of_one_study(trials: Sequence[Trial], group: str) -> Iterator[list[Trial]]:
    """Yield the rows of each study that has several, in each group of rows apart."""
    rows: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in trials:
        if not trial.reason:
            rows[squash(trial.study) or trial.study, trial.texts.get(group, "")].append(trial)
    yield from (same for same in rows.values() if len(same) > 1)


def _differences(same: Sequence[Trial]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield what rows of one study differ in: in words, its column, the values."""
    people = {(trial.numbers.get("total"), trial.numbers.get("control_total")) for trial in same}
    times = _REPEATS["time"] | (_DURATIONS if len(people) == 1 and (None, None) not in people else frozenset())
    for what, names in (_REPEATS | {"time": times}).items():
        for column in (column for column in same[0].texts if squash(column) in names):
            values = list(dict.fromkeys(trial.texts[column] for trial in same))
            if len(values) > 1:
                yield what, column, values


def _repeated(
    name: str, same: Sequence[Trial], what: str, columns: tuple[str, str], values: Sequence[str]
) -> UsageError:
    column, study = columns
    lines = ", ".join(str(trial.line) for trial in same[:_TOLD]) + " ..." * (len(same) > _TOLD)
    told = ", ".join(shown(value or "empty", 30) for value in values[:_TOLD]) + " ..." * (len(values) > _TOLD)
    return UsageError(
        f"{name}: {shown(same[0].label)} stands on lines {lines} with more than one {what} ({told}): its people "
        "would count twice",
        code="people-twice",
        hint=f"--where '{column}={values[0]}', or --by '{column}', or all at once with --cluster '{study}'; "
        "trials of other people need a name of their own",
    )
