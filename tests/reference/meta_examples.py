"""The worked examples as effects and variances, and comparisons of pooled results with what R computed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.reference import pinned

ITERATED = ("REML", "ML", "PM", "EB")
LINE = ("estimate", "se", "statistic", "df", "p", "ci_low", "ci_high")

NEARLY_ZERO = 1e-12
"""Relative to the median variance: where R's Fisher scoring for a tau² of 0 stops above 0."""

PERCENT = 1e-8
"""I² in percent from such a tau²."""


def blocks(*sections: str) -> list[tuple[str, str]]:
    """(dataset, measure) of every example that has all the sections."""
    found = []
    for name in pinned.names():
        for measure, block in pinned.load(name)["measures"].items():
            if all(section in block for section in sections):
                found.append((name, measure))
    return found


def block(name: str, measure: str) -> dict[str, Any]:
    """What R computed for one measure of a dataset."""
    return pinned.load(name)["measures"][measure]


def effects(name: str, measure: str) -> tuple[np.ndarray, np.ndarray]:
    """Effects and variances of the studies R included."""
    given = block(name, measure)
    rows = [int(i) for i in given["included"]]
    return tuple(np.array(given["effects"][key], dtype=float)[rows] for key in ("yi", "vi"))  # type: ignore[return-value]


def column(name: str, measure: str, title: str) -> list[Any]:
    """A column of the dataset for the studies R included."""
    given = pinned.load(name)
    cells = pinned.dataset(name)[title]
    return [cells[int(given["rows"][int(i)])] for i in given["measures"][measure]["included"]]


def log_likelihood(y: np.ndarray, v: np.ndarray, x: np.ndarray, tau2: float) -> float:
    """ML log-likelihood of a regression at tau², without its constant."""
    w = 1.0 / (v + tau2)
    b = np.linalg.solve(x.T @ (w[:, None] * x), x.T @ (w * y))
    return float(-0.5 * (np.log(v + tau2).sum() + (w * (y - x @ b) ** 2).sum()))


def tolerance(method: str) -> float:
    """Relative tolerance for results that rest on this estimator of tau²."""
    return pinned.ITERATIVE if method in ITERATED else pinned.CLOSED_FORM


def assert_line(actual: Any, expected: dict[str, Any], rel: float, row: int | None = None) -> None:
    """Compare statistic, interval and the rest of a line; `row` takes one element of lists on both sides.

    Limits may be near zero, so they are measured against the standard error; a p-value loses as many digits as
    the square of its statistic has. Effects that are all zero make the Hartung-Knapp statistic 0/0 on both sides.
    """

    def pick(value: Any) -> float:
        return float(value if row is None else value[row])

    se = pick(expected["se"])
    z = pick(expected["statistic"])
    for field in LINE:
        if field not in expected:
            continue
        loss = 1.0 + z * z if field == "p" else 1.0
        absolute = rel * se if field in ("estimate", "ci_low", "ci_high") else rel
        floor = 0.0 if field == "p" else absolute
        wanted = pytest.approx(pick(expected[field]), rel=rel * loss, abs=floor, nan_ok=True)
        own = "coefficients" if field == "estimate" and hasattr(actual, "coefficients") else field
        assert pick(getattr(actual, own)) == wanted, field


def assert_tau2(actual: float, expected: float, v: np.ndarray, rel: float) -> None:
    assert actual == pytest.approx(expected, rel=rel, abs=NEARLY_ZERO * float(np.median(v)))


def assert_rows(actual: Any, expected: dict[str, Any], v: np.ndarray, rel: float) -> None:
    """Compare n refits: their lines, Q, and where R has them tau² and I² (not I² of a single study)."""
    k = [int(n) for n in actual.k]
    for row in range(len(k)):
        assert_line(actual, expected, rel, row)
        assert actual.q[row] == pytest.approx(expected["q"][row], rel=rel, abs=1e-12)
        if "tau2" in expected:
            assert_tau2(actual.tau2[row], expected["tau2"][row], v, rel)
        if k[row] == 1:
            assert math.isnan(actual.i2[row])
        elif "i2" in expected:
            assert actual.i2[row] == pytest.approx(expected["i2"][row], rel=rel, abs=PERCENT)
