"""RevMan exports (RevMan 5 `Data and analyses`, RevMan Web `data-rows`): the trials of one analysis as a grid.

The columns get the names by which counts, means and effects of two arms are known here. A file holds every
analysis of a review: which one is meant must be said, since rows of several outcomes are no meta-analysis.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from ketcli.errors import UsageError
from ketcli.evidence.cells import CellError, parse_number, shown
from ketcli.evidence.grid import Grid
from ketcli.evidence.intake import how_to_name, split_part
from ketcli.naming.roles import squash

_RM5_KEYS = ("Comparison Number", "Outcome Number", "Subgroup Number", "Name")
_WEB_KEYS = ("Analysis number", "Study", "Experimental N", "Control N")
_RM5 = MappingProxyType(
    {
        "study": "Name",
        "year": "Year of study",
        "events": "Events 1",
        "total": "Total 1",
        "control_events": "Events 2",
        "control_total": "Total 2",
        "mean": "Mean 1",
        "sd": "SD 1",
        "control_mean": "Mean 2",
        "control_sd": "SD 2",
        "yi": "Effect Estimate",
        "sei": "SE",
    }
)
_WEB = MappingProxyType(
    {
        "study": "Study",
        "year": "Study year",
        "events": "Experimental cases",
        "total": "Experimental N",
        "control_events": "Control cases",
        "control_total": "Control N",
        "mean": "Experimental mean",
        "sd": "Experimental SD",
        "control_mean": "Control mean",
        "control_sd": "Control SD",
        "yi": "GIV Mean",
        "sei": "GIV SE",
    }
)
# other names that columns have had, or that R makes of them
_SPELLINGS = ("O-E", "CI Start", "CI End", "Effect Measure", "Data Type", "Analysis name", "Analysis group",
              "Subgroup", "Group Label 1", "Group Label 2", "Swap event and non-event")  # fmt: skip
_COUNTS = ("events", "total", "control_events", "control_total")
_MEANS = ("mean", "sd", "total", "control_mean", "control_sd", "control_total")
_EFFECTS = ("yi", "sei")
_RATIOS = ("OR", "RR", "HR")
_Z = 1.959963984540054  # the exports print 95 % intervals
_CLOSE = 0.02  # of the interval's width: estimates are printed with few digits

Cells = Callable[[int, str], str]


@dataclass(frozen=True)
class _Analysis:
    """One analysis: its number as people write it (1.2), its title, arms by name, and the rows of its trials."""

    number: str
    title: str
    kind: str
    measure: str
    arms: tuple[str, str]
    rows: tuple[int, ...]
    subgroups: Mapping[int, str]
    swapped: bool = False


def is_revman(header: Sequence[str]) -> bool:
    """Return whether a header is that of a RevMan export, as it is or with dots for blanks, as R has it."""
    names = {squash(name) for name in header}
    return any({squash(key) for key in keys} <= names for keys in (_RM5_KEYS, _WEB_KEYS))


def _respelt(grid: Grid) -> Grid:
    """Return the grid with the columns called as RevMan calls them."""
    web = {squash(key) for key in _WEB_KEYS} <= {squash(name) for name in grid.header}
    known = {
        squash(name): name for name in (*_SPELLINGS, *_RM5_KEYS, *_WEB_KEYS, *(_WEB if web else _RM5).values())
    }
    known |= {"var": "Variance", "variance": "Variance", "subgroupnumber": "Subgroup Number"}
    if web:
        known["subgroupnumber"] = "Subgroup number"
    return replace(grid, header=tuple(known.get(squash(name), name) for name in grid.header))


def trials(grid: Grid, wanted: str = "") -> Grid:
    """Return the trials of the analysis numbered `wanted` (1.2), or of the only one in the file.

    Raises UsageError `which-analysis` listing the analyses when there are several and none, or an unknown one, is
    named.
    """
    grid = _respelt(grid)
    rm5 = set(_RM5_KEYS) <= set(grid.header)
    analyses = [a for a in (_of_revman5(grid) if rm5 else _of_revman_web(grid)) if a.rows]
    named = [a for a in analyses if wanted in ("", a.number)]
    if len(named) != 1:
        raise _which(grid.name, analyses, wanted)
    return _as_grid(grid, named[0], _RM5 if rm5 else _WEB)


def _of_revman5(grid: Grid) -> list[_Analysis]:
    """Read the outline of rows: a comparison, its outcomes, their subgroups, and under each the trials."""
    cells = _reader(grid)
    analyses: list[_Analysis] = []
    subgroup = ""
    for place in range(len(grid.rows)):
        name = cells(place, "Name")
        if cells(place, "Outcome Number") in ("", "0"):
            continue
        if kind := cells(place, "Data Type"):
            number = f"{cells(place, 'Comparison Number')}.{cells(place, 'Outcome Number')}"
            if cells(place, "Subgroup Number") not in ("", "0") and analyses and analyses[-1].number == number:
                subgroup = name
            else:
                subgroup = ""
                arms = (cells(place, "Group Label 1"), cells(place, "Group Label 2"))
                measure = cells(place, "Effect Measure").upper()
                swapped = cells(place, "Swap event and non-event").upper() in ("YES", "TRUE", "1")
                analyses.append(_Analysis(number, name, kind.upper(), measure, arms, (), {}, swapped))
        elif analyses:
            last = analyses[-1]
            labels = {**last.subgroups, place: subgroup} if subgroup else last.subgroups
            analyses[-1] = replace(last, rows=(*last.rows, place), subgroups=labels)
    return analyses


def _of_revman_web(grid: Grid) -> list[_Analysis]:
    """Gather rows by analysis; where a trial stands under subgroups and for all of them, the latter is taken."""
    cells = _reader(grid)
    groups: dict[str, list[int]] = {}
    for place in range(len(grid.rows)):
        parts = [cells(place, column) for column in ("Analysis group", "Analysis number") if column in grid.header]
        groups.setdefault(".".join(part for part in parts if part), []).append(place)
    analyses = []
    for number, places in groups.items():
        overall = [p for p in places if not cells(p, "Subgroup number") and not cells(p, "Subgroup")]
        rows = overall or places
        labels = {p: cells(p, "Subgroup") for p in rows if cells(p, "Subgroup")}
        title = cells(places[0], "Analysis name")
        analyses.append(_Analysis(number, title, _kind(grid, rows), "", ("", ""), tuple(rows), labels))
    return analyses


def _kind(grid: Grid, rows: Sequence[int]) -> str:
    cells = _reader(grid)

    def filled(*roles: str) -> bool:
        return any(all(cells(place, _WEB[role]) for role in roles) for place in rows)

    # counts come last: RevMan Web leaves the cases of other kinds empty
    observed = any(cells(place, "O-E") and _number(cells(place, "Variance")) for place in rows)
    return "GIV" if observed or filled("yi", "sei") else "CON" if filled("mean", "sd") else "DIC"


def _as_grid(grid: Grid, analysis: _Analysis, names: Mapping[str, str]) -> Grid:
    """Return the trials with the columns that the kind of data fills; RevMan 5 fills the others with zeros."""
    cells = _reader(grid)
    roles = {"DIC": _COUNTS, "CON": _MEANS}.get(analysis.kind, ())
    columns = [role for role in ("study", "year", *roles) if names[role] in grid.header]
    effects = {} if roles else {place: _effect(cells, place, names) for place in analysis.rows}
    logs = analysis.measure in _RATIOS and all(on_logs for _, _, on_logs in effects.values())
    effect = (f"ln{analysis.measure.lower()}" if logs else "yi", "sei")
    header = [*columns, *(() if roles else effect), *(("subgroup",) if analysis.subgroups else ())]
    arms = [*analysis.arms] if all(analysis.arms) and analysis.arms[0] != analysis.arms[1] else []
    rows = []
    for place in analysis.rows:
        row = [_cell(cells, place, names, column, swapped=analysis.swapped) for column in columns]
        row += [] if roles else effects[place][:2]
        row += [analysis.subgroups.get(place, "")] if analysis.subgroups else []
        rows.append([*row, *arms])
    title = f" {shown(analysis.title)}" if analysis.title else ""
    note = (
        f"{grid.name}: RevMan export, analysis {analysis.number}{title}, {len(rows)} trial{'s' * (len(rows) != 1)}."
    )
    if analysis.swapped:
        note += " Events and non-events are swapped, as the analysis does."
    return Grid(
        grid.name,
        (*header, *(("drug", "control_drug") if arms else ())),
        rows,
        [grid.lines[place] for place in analysis.rows],
        grid.problems,
        (*grid.notes, note),
        MappingProxyType({role: names[role] for role in columns}),
    )


def _cell(cells: Cells, place: int, names: Mapping[str, str], role: str, *, swapped: bool) -> str:
    """Return the cell of a role; of an analysis that swaps them, people without the event for those with it."""
    text = cells(place, names[role])
    if not swapped or not role.endswith("events"):
        return text
    events = _number(text.replace(",", ""))
    total = _number(cells(place, names[role.replace("events", "total")]).replace(",", ""))
    return text if events is None or total is None else f"{total - events:.10g}"


def _effect(cells: Cells, place: int, names: Mapping[str, str]) -> tuple[str, str, bool]:
    """Return effect and standard error on the scale on which the error is, and whether that is the logarithm's.

    From O-E and its variance V the effect is (O-E)/V with the error 1/sqrt(V) (Yusuf et al. 1985). Which scale an
    estimate is on is told by its printed interval; where neither fits, the cells are given as they stand.
    """
    observed, variance = _number(cells(place, "O-E")), _number(cells(place, "Variance"))
    if observed is not None and variance:
        return repr(observed / variance), repr(variance**-0.5), True
    text, spread = cells(place, names["yi"]), cells(place, names["sei"])
    printed = [_number(cell) for cell in (text, spread, cells(place, "CI Start"), cells(place, "CI End"))]
    known = [number for number in printed if number is not None and number > 0.0]
    if len(known) < len(printed):
        return text, spread, False
    estimate, error, low, high = known
    width = math.log(high / low)
    on_logs = abs(width - 2 * _Z * error) < _CLOSE * width
    return (repr(math.log(estimate)), spread, True) if on_logs else (text, spread, False)


def _number(text: str) -> float | None:
    try:
        return parse_number(text)
    except CellError:
        return None


def _which(name: str, analyses: Sequence[_Analysis], wanted: str) -> UsageError:
    name = split_part(name)[0]
    listed = "; ".join(f"{a.number} {a.title}".strip() for a in analyses[:20]) + (
        " ..." if len(analyses) > 20 else ""
    )
    known = f"{name} holds {len(analyses)} analyses: {listed}" if analyses else f"{name} holds no trials"
    if wanted:
        known = f"there is no analysis {wanted!r} in {name}; it holds {listed or 'none'}"
    example = analyses[0].number if analyses else "1.1"
    return UsageError(known, code="which-analysis", hint=how_to_name(name, example))


def _reader(grid: Grid) -> Cells:
    """Return a function that gives the cell of a row and column, "" where the file has no such column."""
    places = {column: place for place, column in enumerate(grid.header)}

    def cell(row: int, column: str) -> str:
        place = places.get(column)
        return "" if place is None else grid.rows[row][place].strip()

    return cell
