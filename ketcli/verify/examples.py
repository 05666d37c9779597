"""The worked examples: their studies and the numbers that were printed about them, as two tidy CSV tables.

`studies.csv`: one row per study of an example; empty cells are quantities the example does not have.
`printed.csv`: one row per printed number: which analysis of which example, the number as printed (its decimals say
how exactly), the publication or program it is from, and the page it was seen on.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
TITLES = {
    "bcg": "BCG vaccine, 13 trials (Colditz 1994)",
    "hine-1989": "Lidocaine after infarction, 6 trials (Hine 1989)",
    "normand-1999": "Stroke care, 9 trials (Normand 1999)",
    "raudenbush-1985": "Teacher expectancy, 19 experiments (Raudenbush 1985)",
    "konstantopoulos-2011": "School calendars, 56 schools in 11 districts (Konstantopoulos 2011)",
    "niel-weise-2007": "Treated catheters, 18 trials (Niel-Weise 2007)",
    "viechtbauer-2005-a": "Ten studies (Viechtbauer 2005, example 1)",
    "viechtbauer-2005-b": "Eighteen studies (Viechtbauer 2005, example 2)",
    "collins-1985-diuretics": "Diuretics in pregnancy, 9 trials (Collins 1985)",
    "yusuf-1985": "Beta blockade, 21 trials (Yusuf 1985)",
    "rothman-2008": "Tolbutamide, 2 strata (Rothman 2008)",
    "miller-1978": "Four proportions (Miller 1978)",
    "morris-2008": "Training groups before and after (Morris 2008)",
    "newcombe-1998-single": "Single proportions (Newcombe 1998)",
    "newcombe-1998-difference": "Differences of proportions (Newcombe 1998)",
    "fleiss-1993": "Aspirin after infarction, 7 trials (Fleiss 1993)",
    "pritz-1997": "Hyperdynamic therapy, 14 studies (Pritz 1997)",
    "hackshaw-1998": "Passive smoking, 37 studies (Hackshaw 1998)",
}


@dataclass(frozen=True)
class Analysis:
    """What is computed: a measure, a model with its method, test and level; `study` for one study's own."""

    example: str
    measure: str
    model: str
    method: str
    test: str
    level: float
    study: str


@dataclass(frozen=True)
class Printed:
    """A number as printed, to `decimals` decimals; `origin` is who printed it, `source` the page it was seen on.

    A `quantity` that begins with "natural" or "percent" is on that scale, another on the scale of the analysis.
    """

    analysis: Analysis
    quantity: str
    value: float
    decimals: int
    origin: str
    source: str


@dataclass(frozen=True)
class Studies:
    """The studies of one example: labels and columns, each as long as the labels."""

    labels: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]

    def numbers(self, name: str) -> list[float]:
        """Return a column as numbers; ValueError when a cell is empty."""
        return [float(cell) for cell in self.columns[name]]


def studies() -> dict[str, Studies]:
    """Return the studies of every example by its id."""
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows("studies.csv"):
        rows[row["example"]].append(row)
    return {
        example: Studies(
            tuple(row["study"] for row in group),
            {name: tuple(row[name] for row in group) for name in group[0]},
        )
        for example, group in rows.items()
    }


def printed() -> list[Printed]:
    """Return every printed number, in the order of the file."""
    return [
        Printed(
            Analysis(
                row["example"],
                row["measure"],
                row["model"],
                row["method"],
                row["test"],
                float(row["level"] or 0.95),
                row["study"],
            ),
            f"{row['scale']} {row['quantity']}".strip(),
            float(row["printed"]),
            int(row["decimals"]),
            row["origin"],
            row["source"],
        )
        for row in _rows("printed.csv")
    ]


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
