"""Studies and arms under another identifier from one dataset to another: their rows are still compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ketcli.evidence.schema import TABLES

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence

Row = Mapping[str, Any]

# what names a study whatever it is called; the first that both sides share decides
_MARKS = ("label", "doi", "pmid", "nct")
_ARM = ("drug", "role", "route", "dose", "dose_unit", "regimen")
# a file of one row per arm says less of an arm than a table of arms does
_ARM_MARKS = ((*_ARM, "label"), _ARM, ("drug", "role", "dose"), ("drug", "role"))
_OF_STUDIES = ("study_id", "cohort_id", "reuses")


@dataclass(frozen=True)
class Renames:
    """Identifiers of before and what they are after: of studies, and of arms by study (its identifier after)."""

    studies: Mapping[str, str]
    arms: Mapping[tuple[str, str], str]

    def applied(self, rows: Sequence[Row], name: str) -> list[Row]:
        """Return rows of a table of before with the identifiers of after."""
        return [self._row(row, name) for row in rows]

    def _row(self, row: Row, name: str) -> Row:
        out = dict(row)
        for column in _OF_STUDIES:
            if cell := row.get(column):
                mark = TABLES[name].field(column).list_of
                parts = str(cell).split(mark) if mark else [str(cell)]
                out[column] = (mark or "").join(self.studies.get(part, part) for part in parts)
        for column in ("arm_id", "part_of"):
            if cell := row.get(column):
                out[column] = self.arms.get((str(out.get("study_id")), str(cell)), cell)
        return out


def renames(before: Evidence, after: Evidence) -> Renames:
    """Return what got another identifier: studies of one label, DOI or registration, arms given the same.

    Only what is left over on both sides and fits in one way alone is taken for the same.
    """
    old, new = ({str(row["study_id"]): row for row in e.rows("studies")} for e in (before, after))
    gone, come = ([a[i] for i in a if i not in b] for a, b in ((old, new), (new, old)))
    studies = _matches(gone, come, [(mark,) for mark in _MARKS], "study_id")
    arms: dict[tuple[str, str], str] = {}
    here, there = (_by_study(e.rows("arms")) for e in (before, after))
    for was, now in {**{i: i for i in old if i in new}, **studies}.items():
        names = [{row["arm_id"] for row in rows[study]} for rows, study in ((here, was), (there, now))]
        left = [row for row in here[was] if row["arm_id"] not in names[1]]
        right = [row for row in there[now] if row["arm_id"] not in names[0]]
        found = _matches(left, right, _ARM_MARKS, "arm_id")
        arms |= {(now, earlier): later for earlier, later in found.items()}
    return Renames(studies, arms)


def _matches(
    left: Sequence[Row], right: Sequence[Row], marks: Iterable[tuple[str, ...]], name: str
) -> dict[str, str]:
    """Return identifiers of `left` and those of `right` that share a mark nobody else has, the first mark first."""
    out: dict[str, str] = {}
    for mark in marks:
        sides: list[dict[tuple[Any, ...], list[str]]] = []
        for rows, taken in ((left, out.keys()), (right, out.values())):
            by_mark = defaultdict(list)
            for row in rows:
                cells = tuple(row.get(column) for column in mark)
                if str(row[name]) not in taken and any(cells):
                    by_mark[cells].append(str(row[name]))
            sides.append(by_mark)
        for cells, found in sides[0].items():
            if len(found) == len(other := sides[1].get(cells, [])) == 1:
                out[found[0]] = other[0]
    return out


def _by_study(rows: Sequence[Row]) -> dict[str, list[Row]]:
    out: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        out[str(row["study_id"])].append(row)
    return out
