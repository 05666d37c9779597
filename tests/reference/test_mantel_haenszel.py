"""Mantel-Haenszel, Peto and the tests over strata agree with metafor's rma.mh and rma.peto on every example."""

from typing import Any

import pytest

from ketcli.stats.results import Pooled
from ketcli.stats.tables.mantel_haenszel import mantel_haenszel, peto
from ketcli.stats.tables.stratified_tests import stratified_tests
from tests.reference import pinned

TWO_ARM = ("Fleiss1993bin", "bcg", "collins1985a", "edge_bin2_zero_cells", "hine1989", "nielweise2007")
FIELDS = ("estimate", "se", "statistic", "p", "ci_low", "ci_high", "q", "q_df", "q_p", "i2")
VARIANTS: dict[str, dict[str, Any]] = {
    "exact": {"drop00": True},
    "exact_all_tables": {},
    "corrected": {"drop00": True, "correction": 0.5},
}

NOTHING = 1e-12
"""Absolute; an I² of zero."""


def tables(name: str) -> tuple[list[float], ...]:
    """The events and totals of both arms, as R was given them."""
    columns = pinned.arguments(name)
    return tuple(columns[role] for role in ("events1", "total1", "events2", "total2"))


def agree(pooled: Pooled, expected: dict[str, float]) -> None:
    """Every number R prints is the number here."""
    for field in FIELDS:
        ours = pytest.approx(expected[field], rel=pinned.CLOSED_FORM, abs=NOTHING if field == "i2" else 0.0)
        assert getattr(pooled, field) == ours, field


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
@pytest.mark.parametrize("name", TWO_ARM)
def test_mantel_haenszel_is_metafors(name: str, measure: str, variant: str) -> None:
    expected = pinned.load(name)["mh"][measure][variant]
    agree(mantel_haenszel(measure, *tables(name), **VARIANTS[variant]), expected)


@pytest.mark.parametrize("name", TWO_ARM)
def test_peto_is_metafors(name: str) -> None:
    agree(peto(*tables(name)), pinned.load(name)["peto"])


@pytest.mark.parametrize("name", TWO_ARM)
def test_tests_over_strata_are_metafors(name: str) -> None:
    tests, expected = stratified_tests(*tables(name)), pinned.load(name)["mh"]["OR"]["exact"]
    for field in ("cmh", "cmh_p", "tarone", "tarone_p"):
        assert getattr(tests, field) == pytest.approx(expected[field], rel=pinned.CLOSED_FORM), field


def test_every_two_arm_example_is_tested() -> None:
    assert {name for name in pinned.names() if pinned.load(name)["kind"] == "two_arm_counts"} == set(TWO_ARM)
