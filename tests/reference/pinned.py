"""Reads the worked examples: `dataset` gives a CSV's columns, `load` what R computed from it."""

from __future__ import annotations

import csv
import functools
import json
import math
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

CLOSED_FORM = 1e-10
"""Relative; formulas without iteration, so only the order of the additions differs."""

ITERATIVE = 1e-8
"""Relative; REML, ML, EB, PM, Q-profile and profile likelihood, carried on here and in R until they stand still."""

QUADRATURE = 1e-6
"""Relative; maximised likelihoods with numerical integrals, whose Hessians R takes by numerical differences."""

SELECTION = 1e-5
"""Relative; the selection model's likelihood is flat around its maximum and R's Hessian is numerical."""

WITNESS = 1e-3
"""Relative; a second program with looser convergence (lme4, metafor's own GLMM and selection model)."""

_WORDS = {"NA": math.nan, "NaN": math.nan, "Inf": math.inf, "-Inf": -math.inf}


def names() -> list[str]:
    """All datasets, in alphabetical order."""
    return sorted(path.stem for path in (HERE / "data").glob("*.csv"))


def dataset(name: str) -> dict[str, list[Any]]:
    """The columns of data/`name`.csv: floats, NaN where empty, or strings where any cell is a word."""
    with (HERE / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {column: _column([row[column] for row in rows]) for column in rows[0]}


def arguments(name: str) -> dict[str, list[Any]]:
    """The columns and rows that R used, under the names it gave them (events1, total1, yi, vi, cluster ...)."""
    columns, pinned = dataset(name), load(name)
    rows = [int(row) for row in pinned["rows"]]
    return {role: [columns[column][row] for row in rows] for role, column in pinned["columns"].items()}


@functools.cache
def load(name: str) -> dict[str, Any]:
    """pinned/`name`.json, with R's missing and infinite numbers as NaN and infinity; do not change the result."""
    text = (HERE / "pinned" / f"{name}.json").read_text(encoding="utf-8")
    return _numbers(json.loads(text))


def refused(section: object) -> bool:
    """Whether R refused to compute this section."""
    return isinstance(section, dict) and "error" in section


def _column(cells: list[str]) -> list[Any]:
    try:
        return [math.nan if cell in ("", "NA") else float(cell) for cell in cells]
    except ValueError:
        return cells


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return _WORDS.get(value, value) if isinstance(value, str) else value
