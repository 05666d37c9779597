"""Small-study tests: symmetries, the ten-study note, studies without information, the rule of PET-PEESE."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.stats.small_studies import bias

QUICK = settings(derandomize=True, max_examples=60, deadline=None)
STUDIES = st.lists(st.tuples(st.floats(-2, 2), st.integers(1, 60)), min_size=4, max_size=14).filter(
    lambda rows: len({v for _, v in rows}) > 2 and len({round(y, 3) for y, _ in rows}) > 2
)
TABLE = st.tuples(st.integers(0, 20), st.integers(1, 30), st.integers(0, 20), st.integers(1, 30))
TABLES = st.lists(TABLE, min_size=4, max_size=9)
FUNNEL = np.array([0.1, 0.5, 0.2, 0.9, 0.4, 0.3, 0.8, 0.25, 0.6, 0.35])
VARIANCES = np.array([0.01, 0.05, 0.02, 0.2, 0.04, 0.03, 0.1, 0.015, 0.08, 0.025])


def columns(rows: list[tuple[float, int]]) -> tuple[np.ndarray, np.ndarray]:
    y, v = np.array(rows, dtype=float).T
    return y, v / 50.0


def cells(tables: list[tuple[int, int, int, int]]) -> tuple[np.ndarray, ...]:
    a, b, c, d = np.array(tables, dtype=float).T
    return a, a + b, c, c + d


@QUICK
@given(STUDIES, st.sampled_from(["classic", "random"]))
def test_egger_turns_with_the_sign_of_the_effects(rows: list[tuple[float, int]], model: str) -> None:
    y, v = columns(rows)
    forth, back = bias.egger(y, v, model=model), bias.egger(-y, v, model=model)
    assert forth.bias == pytest.approx(-back.bias, rel=1e-9, abs=1e-12)
    assert forth.limit == pytest.approx(-back.limit, rel=1e-9, abs=1e-12)
    assert forth.p == pytest.approx(back.p, rel=1e-9)


@QUICK
@given(STUDIES, st.floats(0.01, 100))
def test_egger_is_the_same_test_in_other_units(rows: list[tuple[float, int]], unit: float) -> None:
    y, v = columns(rows)
    one, other = bias.egger(y, v), bias.egger(unit * y, unit**2 * v)
    assert one.statistic == pytest.approx(other.statistic, rel=1e-7, abs=1e-9)
    assert unit * one.limit == pytest.approx(other.limit, rel=1e-7, abs=1e-9 * unit)


def test_egger_bias_is_the_intercept_of_the_standardised_effect_on_precision() -> None:
    precision = 1.0 / np.sqrt(VARIANCES)
    design = np.column_stack([np.ones(10), precision])
    intercept = np.linalg.lstsq(design, FUNNEL * precision, rcond=None)[0][0]
    assert intercept == pytest.approx(bias.egger(FUNNEL, VARIANCES).bias, rel=1e-10)


def test_random_effects_egger_scales_its_errors_under_knha() -> None:
    plain = bias.egger(FUNNEL, VARIANCES, model="random")
    scaled = bias.egger(FUNNEL, VARIANCES, model="random", test="knha")
    assert plain.df == np.inf
    assert scaled.df == 8.0
    assert plain.bias == scaled.bias


@pytest.mark.parametrize(("k", "cautioned"), [(9, True), (10, False)])
def test_the_handbook_s_caution_ends_at_ten_studies(k: int, cautioned: bool) -> None:
    notes = [
        bias.egger(FUNNEL[:k], VARIANCES[:k]).notes,
        bias.begg(FUNNEL[:k], VARIANCES[:k]).notes,
        bias.pet_peese(FUNNEL[:k], VARIANCES[:k]).notes,
    ]
    assert [any("Cochrane Handbook (chapter 13)" in line for line in lines) for lines in notes] == [cautioned] * 3


@pytest.mark.parametrize("k", [1, 2])
def test_fewer_than_three_studies_give_no_number_but_a_reason(k: int) -> None:
    y, v, n = FUNNEL[:k], VARIANCES[:k], np.full(k, 20.0)
    tests = [bias.egger(y, v), bias.egger(y, v, model="random"), bias.macaskill(y, v, n)]
    assert all(np.isnan([t.statistic, t.p, t.bias, t.limit]).all() for t in tests)
    assert all("at least three" in t.notes[-1] for t in [*tests, bias.begg(y, v), bias.pet_peese(y, v)])


def test_equal_standard_errors_leave_nothing_to_regress_on() -> None:
    v = np.full(10, 0.04)
    results = [bias.egger(FUNNEL, v), bias.egger(FUNNEL, v, model="random"), bias.begg(FUNNEL, v)]
    assert all(np.isnan(result.p) for result in results)
    assert all("do not differ in" in result.notes[-1] for result in [*results, bias.pet_peese(FUNNEL, v)])


def test_identical_effects_are_an_exact_line_not_a_division_by_zero() -> None:
    result = bias.egger(np.full(10, 0.3), VARIANCES)
    assert np.isnan(result.statistic)
    assert result.limit == pytest.approx(0.3, rel=1e-12)
    assert "exactly on one line" in result.notes[-1]


@QUICK
@given(TABLES)
def test_harbord_flips_when_arms_or_outcomes_are_swapped(tables: list[tuple[int, int, int, int]]) -> None:
    a, n1, c, n2 = cells(tables)
    forth = bias.harbord(a, n1, c, n2)
    arms, outcomes = bias.harbord(c, n2, a, n1), bias.harbord(n1 - a, n1, n2 - c, n2)
    expected = [-forth.bias, -forth.limit, forth.p]
    for back in (arms, outcomes):
        np.testing.assert_allclose([back.bias, back.limit, back.p], expected, rtol=1e-7, atol=1e-9)


def test_harbord_for_the_risk_ratio_uses_its_own_score_and_information() -> None:
    """Score and information of log RR at no effect, from the binomial likelihood of one table by differences."""
    a, n1, c, n2 = 7.0, 20.0, 4.0, 30.0
    p0 = (a + c) / (n1 + n2)

    def loglik(theta: float, log_p: float) -> float:
        p1, p2 = np.exp(log_p + theta), np.exp(log_p)
        return float(a * np.log(p1) + (n1 - a) * np.log1p(-p1) + c * np.log(p2) + (n2 - c) * np.log1p(-p2))

    h, base = 1e-4, np.log(p0)
    score = (loglik(h, base) - loglik(-h, base)) / (2 * h)
    tables = np.array([[a, n1, c, n2], [3, 15, 6, 15], [9, 40, 2, 25], [5, 60, 8, 55]]).T
    result = bias.harbord(*tables, measure="RR")
    events, size = tables[0] + tables[2], tables[1] + tables[3]
    z = (tables[0] * size - events * tables[1]) / (size - events)
    v = tables[1] * tables[3] * events / (size * (size - events))
    expected = bias.egger(z / v, 1.0 / v)
    assert score == pytest.approx(z[0], rel=1e-6)
    assert (expected.bias, expected.p) == pytest.approx((result.bias, result.p), rel=1e-9)


def test_studies_without_events_or_without_non_events_are_left_out_and_counted() -> None:
    a, n1 = np.array([0.0, 3.0, 5.0, 8.0, 10.0]), np.array([10.0, 20.0, 30.0, 40.0, 10.0])
    c, n2 = np.array([0.0, 4.0, 4.0, 2.0, 12.0]), np.array([10.0, 20.0, 25.0, 35.0, 12.0])
    y = np.array([0.0, -0.3, 0.1, 1.2, 0.0])
    kept = slice(1, 4)
    every, some = bias.peters(y, a, n1, c, n2), bias.peters(y[kept], a[kept], n1[kept], c[kept], n2[kept])
    assert (every.k, every.bias, every.p) == (3, some.bias, some.p)
    assert any("2 of 5 studies left out" in note for note in every.notes)
    assert any("2 of 5 studies left out" in note for note in bias.harbord(a, n1, c, n2).notes)


def test_macaskill_has_no_limit_and_says_so() -> None:
    result = bias.macaskill(FUNNEL, VARIANCES, 4.0 / VARIANCES)
    assert np.isnan([result.limit, result.limit_se, result.limit_low, result.limit_high]).all()
    assert any("no limit" in note for note in result.notes)


def test_pustejovsky_does_not_see_the_effect_inside_the_standard_error() -> None:
    """SMDs without small-study effect but with the effect in their variance: only Egger's predictor leans."""
    n = np.array([8.0, 10.0, 12.0, 16.0, 20.0, 30.0, 40.0, 60.0, 80.0, 100.0])
    shift = np.array([1.0, -1.0] * 5)
    d = 0.8 + shift * np.sqrt(2.0 / n) * 0.8
    v = 2.0 / n + d**2 / (4.0 * n)
    assert abs(bias.pustejovsky(d, v, n, n).statistic) < abs(bias.egger(d, v).statistic)


@QUICK
@given(STUDIES)
def test_begg_turns_with_the_sign_of_the_effects(rows: list[tuple[float, int]]) -> None:
    y, v = columns(rows)
    forth, back = bias.begg(y, v), bias.begg(-y, v)
    assert (forth.tau, forth.p) == (-back.tau, back.p)


def test_begg_says_when_ties_rule_the_exact_test_out() -> None:
    v = VARIANCES.copy()
    v[1] = v[0]
    result = bias.begg(FUNNEL, v)
    assert not result.exact
    assert np.isfinite(result.statistic)
    assert "Tied values" in result.notes[-1]


def test_begg_survives_a_study_that_outweighs_all_others() -> None:
    v = VARIANCES.copy()
    v[0] = 1e-20
    assert "outweighs" in bias.begg(FUNNEL, v).notes[-1]


@pytest.mark.parametrize(("effect", "chosen"), [(0.0, "PET"), (2.0, "PEESE")])
def test_peese_is_taken_only_when_pet_finds_an_effect(effect: float, chosen: str) -> None:
    y = effect + np.sqrt(VARIANCES) * np.array([1.0, -1.0] * 5)
    result = bias.pet_peese(y, VARIANCES)
    line = {"PET": result.pet, "PEESE": result.peese}[chosen]
    assert line is not None
    assert (result.chosen, result.estimate, result.se) == (chosen, line.intercept, line.intercept_se)
    assert any(note.startswith(f"{chosen} is taken because") for note in result.notes)


def test_alpha_moves_the_pet_peese_rule() -> None:
    y = 0.25 + np.sqrt(VARIANCES) * np.array([1.0, -1.0] * 5)
    p = bias.pet_peese(y, VARIANCES).pet.test_intercept()[1]
    assert bias.pet_peese(y, VARIANCES, alpha=p * 1.01).chosen == "PEESE"
    assert bias.pet_peese(y, VARIANCES, alpha=p * 0.99).chosen == "PET"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bias.egger(FUNNEL, VARIANCES, model="fixed"), "model must be one of"),
        (lambda: bias.egger(FUNNEL, VARIANCES, test="t"), "test must be one of"),
        (lambda: bias.macaskill(FUNNEL, VARIANCES, np.zeros(10)), "ni must be positive"),
        (lambda: bias.peters([0.1, np.nan], [1, 1], [9, 9], [1, 1], [9, 9]), "yi must be finite"),
        (lambda: bias.harbord([1, 2], [9, 9], [1, 2], [9, 9], measure="RD"), "measure must be one of"),
        (lambda: bias.pet_peese(FUNNEL, VARIANCES, alpha=1.5), "alpha must lie between"),
    ],
)
def test_bad_arguments_are_named(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
