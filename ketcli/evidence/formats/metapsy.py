"""The Metapsy data standard (docs.metapsy.org): a row per comparison of two arms, as counts, means or effects."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from ketcli.errors import UsageError
from ketcli.evidence.grid import Grid
from ketcli.evidence.intake import how_to_name, split_part

_KEYS = ("study", "condition_arm1", "condition_arm2")
_ALWAYS = MappingProxyType(
    {
        "study": "study",
        "drug": "condition_arm1",
        "control_drug": "condition_arm2",
        "outcome": "outcome_type",
        "scale": "instrument",
        "time_weeks": "time_weeks",
        "year": "year",
    }
)
_KINDS = MappingProxyType(
    {
        "counts": {
            "events": "event_arm1",
            "total": "totaln_arm1",
            "control_events": "event_arm2",
            "control_total": "totaln_arm2",
        },
        "means": {
            "mean": "mean_arm1",
            "sd": "sd_arm1",
            "total": "n_arm1",
            "control_mean": "mean_arm2",
            "control_sd": "sd_arm2",
            "control_total": "n_arm2",
        },
        "changes": {
            "mean": "mean_change_arm1",
            "sd": "sd_change_arm1",
            "total": "n_change_arm1",
            "control_mean": "mean_change_arm2",
            "control_sd": "sd_change_arm2",
            "control_total": "n_change_arm2",
        },
        "ready-made g": {"yi": "precalc_g", "sei": "precalc_g_se"},
        "ready-made log risk ratios": {"lnrr": "precalc_log_rr", "sei": "precalc_log_rr_se"},
    }
)
_MISSING = ("", "NA")
# further columns that a database may have, under the names they have here
_MORE = ("route", "dose", "regimen", "background", "analysis_set", "population", "design", "source_url")


def is_metapsy(header: Sequence[str]) -> bool:
    """Return whether a header follows the standard: the arms' conditions and at least one set of results."""
    names = set(header)
    return set(_KEYS) <= names and any(set(columns.values()) <= names for columns in _KINDS.values())


def comparisons(grid: Grid, wanted: str = "") -> Grid:
    """Return the comparisons of one outcome type (`wanted`, or the only one) and one kind of results.

    Raises UsageError `which-outcome` listing the types when there are several and none, or an unknown one, is
    named, or when rows of one type give their results in different ways.
    """
    places = {name: place for place, name in enumerate(grid.header)}

    def cell(row: Sequence[str], column: str) -> str:
        text = row[places[column]].strip() if column in places else ""
        return "" if text in _MISSING else text

    def kind_of(row: Sequence[str]) -> str:
        return next((kind for kind, columns in _KINDS.items() if all(cell(row, c) for c in columns.values())), "")

    sets: dict[tuple[str, str], list[int]] = {}
    for place, row in enumerate(grid.rows):
        if kind := kind_of(row):
            sets.setdefault((cell(row, "outcome_type"), kind), []).append(place)
    named = [key for key in sets if wanted in ("", key[0], f"{key[0]}:{key[1]}")]
    if len(named) != 1:
        raise _which(grid.name, sets, wanted)
    outcome, kind = named[0]
    more = {name: name for name in _MORE if name in places}
    columns = {name: column for name, column in _ALWAYS.items() if column in places} | more | _KINDS[kind]
    rows = [[cell(grid.rows[place], column) for column in columns.values()] for place in sets[named[0]]]
    left = len(grid.rows) - len(rows)
    note = f"{grid.name}: Metapsy data, rows of {outcome or 'one outcome'} as {kind}: {len(rows)}" + (
        f"; left out, of other outcomes or without results: {left}." if left else "."
    )
    lines = [grid.lines[place] for place in sets[named[0]]]
    scales = {cell(grid.rows[place], "instrument") for place in sets[named[0]]}
    if kind in ("means", "changes") and len(scales) > 1:
        note += f" They are of {len(scales)} instruments, which mean differences would mix: --measure SMD."
    return Grid(
        grid.name,
        tuple(columns),
        rows,
        lines,
        grid.problems,
        (*grid.notes, note),
        MappingProxyType(columns),
    )


def _which(name: str, sets: dict[tuple[str, str], list[int]], wanted: str) -> UsageError:
    name = split_part(name)[0]
    types = [outcome for outcome, _ in sets]
    choices = [outcome if types.count(outcome) == 1 else f"{outcome}:{kind}" for outcome, kind in sets]
    listed = ", ".join(f"{choice} ({len(sets[key])})" for choice, key in zip(choices, sets, strict=True))
    known = f"{name} holds several outcomes: {listed}" if sets else f"{name} holds no complete results"
    if wanted:
        known = f"there is no outcome {wanted!r} in {name}; it holds {listed or 'none'}"
    example = choices[0] if choices else "response"
    return UsageError(known, code="which-outcome", hint=how_to_name(name, example))
