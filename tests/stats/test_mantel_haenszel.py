"""Mantel-Haenszel and Peto: symmetries any pooling of tables must have, and odd but valid counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.stats.tables.mantel_haenszel import mantel_haenszel, peto
from ketcli.stats.tables.stratified_tests import stratified_tests

SAME = 1e-9


@st.composite
def tables(draw, least=1, most=6):
    """k tables with 2 to 40 patients an arm, any events."""
    k = draw(st.integers(least, most))
    n1 = draw(st.lists(st.integers(2, 40), min_size=k, max_size=k))
    n2 = draw(st.lists(st.integers(2, 40), min_size=k, max_size=k))
    a = [draw(st.integers(0, n)) for n in n1]
    c = [draw(st.integers(0, n)) for n in n2]
    return np.array(a, float), np.array(n1, float), np.array(c, float), np.array(n2, float)


def close(left, right):
    return (math.isnan(left) and math.isnan(right)) or math.isclose(left, right, rel_tol=SAME, abs_tol=SAME)


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
@given(t=tables())
@settings(derandomize=True, max_examples=50, deadline=None)
def test_swapping_the_arms_flips_the_sign(measure, t):
    a, n1, c, n2 = t
    one, other = mantel_haenszel(measure, a, n1, c, n2), mantel_haenszel(measure, c, n2, a, n1)
    assert close(one.estimate, -other.estimate)
    assert close(one.se, other.se)
    assert close(one.q, other.q)


@given(t=tables())
@settings(derandomize=True, max_examples=50, deadline=None)
def test_odds_ratio_and_peto_flip_with_the_outcome(t):
    a, n1, c, n2 = t
    for pool in (lambda *x: mantel_haenszel("OR", *x), peto):
        one, other = pool(a, n1, c, n2), pool(n1 - a, n1, n2 - c, n2)
        assert close(one.estimate, -other.estimate)
        assert close(one.se, other.se)


@given(t=tables(least=2), data=st.data())
@settings(derandomize=True, max_examples=40, deadline=None)
def test_order_of_studies_does_not_matter(t, data):
    order = data.draw(st.permutations(range(t[0].size)))
    moved = [column[list(order)] for column in t]
    for pool in (lambda *x: mantel_haenszel("RR", *x), lambda *x: mantel_haenszel("RD", *x), peto):
        one, other = pool(*t), pool(*moved)
        assert close(one.estimate, other.estimate)
        np.testing.assert_allclose(one.weights[list(order)], other.weights, rtol=SAME)


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
@given(t=tables())
@settings(derandomize=True, max_examples=60, deadline=None)
def test_a_number_is_missing_only_where_a_note_says_why(measure, t):
    pooled = mantel_haenszel(measure, *t)
    undefined = [pooled.estimate, pooled.se, pooled.ci_low, pooled.p]
    if any(math.isnan(value) for value in undefined):
        assert any(
            "no finite estimate" in n or "no estimate" in n or "standard error is 0" in n for n in pooled.notes
        )


@given(t=tables())
@settings(derandomize=True, max_examples=60, deadline=None)
def test_weights_are_percent_and_zero_for_tables_that_tell_nothing(t):
    a, n1, c, n2 = t
    pooled = peto(*t)
    dull = (a + c == 0) | (a + c == n1 + n2)
    assert (pooled.weights[dull] == 0.0).all()
    assert close(pooled.weights.sum(), 100.0 if pooled.k else 0.0)


@pytest.mark.parametrize("measure", ["OR", "RR"])
def test_double_zero_table_changes_no_ratio(measure):
    t = ([5, 3], [20, 30], [9, 4], [22, 28])
    more = ([5, 0, 3], [20, 50, 30], [9, 0, 4], [22, 60, 28])
    assert mantel_haenszel(measure, *more).estimate == pytest.approx(
        mantel_haenszel(measure, *t).estimate, rel=1e-14
    )
    assert mantel_haenszel(measure, *more).k == 2


def test_double_zero_table_pulls_the_risk_difference_to_zero():
    t = ([5, 3], [20, 30], [9, 4], [22, 28])
    more = ([5, 0, 3], [20, 50, 30], [9, 0, 4], [22, 60, 28])
    assert abs(mantel_haenszel("RD", *more).estimate) < abs(mantel_haenszel("RD", *t).estimate)
    assert mantel_haenszel("RD", *more).k == 3


def test_one_table_gives_its_own_odds_ratio_with_woolfs_variance():
    pooled = mantel_haenszel("OR", [5], [12], [3], [14])
    assert pooled.estimate == pytest.approx(math.log(5 * 11 / (7 * 3)), rel=1e-14)
    assert pooled.se == pytest.approx(math.sqrt(1 / 5 + 1 / 7 + 1 / 3 + 1 / 11), rel=1e-12)
    assert math.isnan(pooled.i2)


@pytest.mark.parametrize(
    ("events1", "events2", "words"),
    [([0, 0], [1, 2], "odds ratio is 0"), ([3, 1], [0, 0], "infinite"), ([0, 0], [0, 0], "0/0")],
)
def test_no_finite_odds_ratio_is_said_not_computed(events1, events2, words):
    pooled = mantel_haenszel("OR", events1, [10, 12], events2, [11, 10])
    assert math.isnan(pooled.estimate)
    assert any(words in note for note in pooled.notes)


def test_peto_without_any_event_says_so():
    pooled = peto([0, 0], [10, 12], [0, 0], [11, 10])
    assert math.isnan(pooled.estimate)
    assert pooled.k == 0
    assert any("never occurs" in note for note in pooled.notes)


def test_correction_is_told_and_dropped_tables_are_not_corrected():
    pooled = mantel_haenszel("OR", [0, 2, 0], [10, 12, 9], [3, 5, 0], [11, 10, 9], correction=0.5, drop00=True)
    assert any(note.startswith("0.5 was added to all four cells of 1 study") for note in pooled.notes)
    assert pooled.weights[2] == 0.0


def test_one_giant_study_decides():
    big = (40_000, 200_000, 50_000, 200_000)
    alone = mantel_haenszel("RR", *([value] for value in big))
    joined = mantel_haenszel("RR", *([value, small] for value, small in zip(big, (3, 10, 1, 10), strict=True)))
    assert joined.estimate == pytest.approx(alone.estimate, abs=1e-3)
    assert joined.weights[0] > 99.99


@given(t=tables())
@settings(derandomize=True, max_examples=50, deadline=None)
def test_homogeneity_tests_do_not_depend_on_the_direction(t):
    a, n1, c, n2 = t
    one, other = stratified_tests(a, n1, c, n2), stratified_tests(c, n2, a, n1)
    for name in ("cmh", "breslow_day", "tarone"):
        assert close(getattr(one, name), getattr(other, name))
    assert math.isfinite(one.tarone) or one.note


def test_tables_of_the_same_odds_ratio_show_no_heterogeneity():
    tests = stratified_tests([4, 8], [8, 16], [2, 4], [8, 16])
    assert tests.breslow_day == pytest.approx(0.0, abs=1e-20)
    assert tests.tarone_p == 1.0


def test_arms_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="lengths differ"):
        mantel_haenszel("OR", [1, 2], [5, 5], [1], [5])


def test_unknown_measure_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="OR, RR, RD"):
        mantel_haenszel("HR", [1], [5], [1], [5])
