"""A file in people's own words turned into the flat layout: its columns, codes, units and decimal commas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from ketcli.errors import Problem
from ketcli.evidence.cells import THOUSANDS, CellError, decimal_point, is_missing_word, parse_number, shown
from ketcli.evidence.fields import Field
from ketcli.evidence.flat_columns import Columns, find_columns, name_of
from ketcli.evidence.flat_names import COUNTS, as_code, as_dose, as_treatment, in_days
from ketcli.evidence.grid import Grid, normal
from ketcli.evidence.tables.flat import CONTROLS, FLAT

_CONTROL = {f.name: f.name.removeprefix("control_") for f in CONTROLS}
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass
class _Said:
    """What was read otherwise than it stands, to be told once per kind."""

    codes: dict[str, str] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    commas: bool = False
    units: bool = False

    def notes(self, name: str) -> list[str]:
        notes = []
        if self.codes:
            words = ", ".join(f"{shown(word, 30)} as {code}" for word, code in list(self.codes.items())[:12])
            notes.append(f"{name}: read as codes: {words}{' ...' if len(self.codes) > 12 else ''}.")
        if self.missing:
            words = ", ".join(f"{shown(word)} ({times})" for word, times in self.missing.items())
            notes.append(f"{name}: read as missing: {words}.")
        if self.commas:
            notes.append(f"{name}: decimal commas are read as points.")
        if self.units:
            notes.append(f"{name}: times with a unit are turned into days.")
        return notes


def to_flat(grid: Grid, given: Mapping[str, str] = _NONE) -> Grid:
    """Return the file with the names, codes, units and numbers of the flat layout, ready for its rules.

    A row that holds a control arm beside the treated one becomes two. What could be two things is in `problems`
    (`ambiguous-column`, with the option that settles it), what was changed in `notes`, the file's own names in
    `spelt`. Raises UsageError for options that name what is not there.
    """
    columns = find_columns(grid, given)
    paired, unused = _paired(grid, columns)
    others = [c for c in grid.header if c not in columns.taken() and c not in {f.name for f in FLAT.fields}]
    said = _Said()
    problems: list[Problem] = []
    rows: list[tuple[dict[str, str], list[str]]] = []
    lines: list[int] = []
    for line, row in zip(grid.lines, grid.rows, strict=True):
        cells = dict(zip(grid.header, row, strict=True))
        values = _values(grid, line, cells, columns, said, problems)
        for arm in _arms(values) if paired else (values,):
            rows.append((arm, [cells[c] for c in others]))
            lines.append(line)
    held = {name for arm, _ in rows for name in arm} | {*columns.of, *columns.constants}
    names = [f.name for f in FLAT.fields if f.name in held]
    dropped = [c for c in grid.header if c not in columns.taken() and c not in others]
    notes = [*grid.notes, *_matched(grid, columns), *unused, *said.notes(grid.name)]
    if dropped:
        notes.append(
            f"{grid.name}: not used, another column is named in its place: {', '.join(map(shown, dropped))}."
        )
    return replace(
        grid,
        header=(*names, *others),
        rows=[[*(arm.get(name, "") for name in names), *rest] for arm, rest in rows],
        lines=lines,
        problems=(*grid.problems, *columns.problems, *problems),
        notes=tuple(notes),
        spelt=_spelt(grid, columns),
    )


def _paired(grid: Grid, columns: Columns) -> tuple[bool, list[str]]:
    """Return whether rows hold two arms, and what is to be said when control columns cannot be used."""
    counts = [columns.of[name] for name in ("control_events", "control_total") if name in columns.of]
    if len(counts) < 2:
        return False, []
    if "control_drug" in columns.of or "control_drug" in columns.constants:
        return True, []
    which = " and ".join(shown(column) for column in counts)
    said = f"{grid.name}: {which} not used; say what the control was: --column control_drug=placebo"
    return False, [said + " (or the column that says it)."]


def _values(
    grid: Grid, line: int, cells: Mapping[str, str], columns: Columns, said: _Said, problems: list[Problem]
) -> dict[str, str]:
    """Return the cells of one row by field, in the words of the layout."""
    values = dict(columns.constants)
    beside: dict[str, str] = {}
    for name, column in columns.of.items():
        described, text = name_of(name), cells[column].strip()
        if text and name != "study" and is_missing_word(text):
            if described.required:
                message = f"{name}: {shown(text)} stands for a missing value"
                fix = "fill it in or leave the row out"
                problems.append(Problem("missing-value", grid.name, line, name, text, message, fix))
            said.missing[text] += 1
            text = ""
        if name == "drug" and text and as_code(described, text) is None:
            treatment = as_treatment(described, name_of("route"), text)
            if treatment is not None:
                said.codes[text] = " ".join(filter(None, vars(treatment).values()))
                beside = {"route": treatment.route, "dose": treatment.dose}
                text = treatment.drug
        elif text and described.codes is not None:
            text = _code(described, text, said)
        elif text and described.numeric:
            try:
                text = _plain(name, text, columns.unit, said)
            except CellError as error:
                message = f"{name}: {error.message}"
                problems.append(Problem(error.code, grid.name, line, name, text, message, error.fix))
        values[name] = text
    for name, text in beside.items():
        if text and values.get(name, text) not in ("", text):
            message = f"{name}: {values[name]}, but {text} beside the drug"
            clash = Problem("unknown-code", grid.name, line, name, values[name], message, "correct one of them")
            problems.append(clash)
        elif text:
            values[name] = text
    return values


def _code(described: Field, text: str, said: _Said) -> str:
    code = as_code(described, text)
    if code is None:
        return text  # the rules say what is wrong with it, and which codes are near
    if code != text:
        said.codes[text] = code
    return code


def _plain(name: str, text: str, unit: float, said: _Said) -> str:
    """Return a number with a decimal point, times in days, doses without the unit that their size tells."""
    if name == "dose" and (dose := as_dose(text)):
        return dose
    if name in COUNTS and THOUSANDS.fullmatch(text):
        message = f"{shown(text)} may be {text.replace('.', '')} or {float(text):g} people"
        raise CellError("ambiguous-comma", message, "write the number without a sign between thousands")
    plain = decimal_point(text)
    said.commas |= plain != text
    if name != "time_days":
        return plain
    days = in_days(plain)
    if days is None and unit != 1.0:
        try:
            number = parse_number(plain)
        except CellError:
            return plain  # the rules will say that it is no number
        days = None if number is None else number * unit
    said.units |= days is not None
    return plain if days is None else repr(days)


def _arms(values: Mapping[str, str]) -> Iterable[dict[str, str]]:
    """Yield the treated arm and, where it has counts, the control arm of a row."""
    treated = {name: text for name, text in values.items() if name not in _CONTROL}
    treated["role"] = treated.get("role") or "active"
    yield treated
    control = {own: values.get(name, "") for name, own in _CONTROL.items()}
    if any(control[name] for name in ("events", "total")):
        yield {**treated, "dose": "", "role": "control", **control}


def _matched(grid: Grid, columns: Columns) -> list[str]:
    """Return the note on columns that are called otherwise than documented, and on fixed values."""
    named = [f"{shown(column)} is {name}" for name, column in columns.of.items() if normal(column) != name]
    fixed = [f"{name} is {value} in every row" for name, value in columns.constants.items()]
    said = "; ".join(filter(None, [", ".join(named), ", ".join(fixed)]))
    return [f"{grid.name}: columns matched: {said}."] if said else []


def _spelt(grid: Grid, columns: Columns) -> Mapping[str, str]:
    """Return the name in the file of each field that is called otherwise, through earlier renaming too."""
    names = {name: grid.spelt.get(column, column) for name, column in columns.of.items()}
    return MappingProxyType({name: column for name, column in names.items() if column != name})


def respelt(problems: Sequence[Problem], grid: Grid) -> list[Problem]:
    """Return problems that call each column as the file does; of a row with two arms, that arm's own column."""
    rows: dict[int, list[list[str]]] = defaultdict(list)
    for line, row in zip(grid.lines, grid.rows, strict=True):
        rows[line].append(row)
    out = []
    for problem in problems:
        name = problem.column
        arms = rows.get(problem.line, [])
        if len(arms) > 1 and name in _CONTROL.values():
            place = grid.header.index(name)
            if problem.value == arms[1][place] != arms[0][place]:
                name = f"control_{name}"
        column = grid.spelt.get(name, name)
        if column == problem.column:
            out.append(problem)
            continue
        rest = problem.message.removeprefix(f"{problem.column}: ")
        out.append(replace(problem, column=column, message=f"{column}: {rest}"))
    return out
