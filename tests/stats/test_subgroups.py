"""Subgroups: separate and shared tau², the tests between them, groups of one study and a single group."""

import math

import numpy as np
import pytest

from ketcli.stats.pooling import common_effect, random_effects
from ketcli.stats.regression import meta_regression
from ketcli.stats.subgroups import subgroup_analysis
from tests.stats.meta_examples import HETEROGENEOUS

Y, V = HETEROGENEOUS
GROUPS = ["iv", "nasal", "iv", "iv", "nasal", "nasal", "iv"]
IV = np.array([g == "iv" for g in GROUPS])


def test_separate_groups_are_pooled_on_their_own_in_order_of_appearance() -> None:
    made = subgroup_analysis(Y, V, GROUPS)
    assert made.labels == ("iv", "nasal")
    assert made.groups[0].estimate == random_effects(Y[IV], V[IV]).estimate
    assert made.groups[1].tau2 == random_effects(Y[~IV], V[~IV]).tau2


def test_normal_test_between_two_groups_is_that_of_their_difference() -> None:
    made = subgroup_analysis(Y, V, GROUPS, test="z")
    a, b = made.groups
    z2 = (a.estimate - b.estimate) ** 2 / (a.se**2 + b.se**2)
    assert made.between.statistic == pytest.approx(z2, rel=1e-11)
    assert (made.between.name, made.between.df1, made.between.df2) == ("Q", 1.0, math.inf)


def test_t_based_test_between_two_groups_is_welch_and_satterthwaite() -> None:
    made = subgroup_analysis(Y, V, GROUPS, test="knha")
    a, b = made.groups
    va, vb = a.se**2, b.se**2
    df = (va + vb) ** 2 / (va**2 / 3 + vb**2 / 2)
    assert made.between.name == "F"
    assert made.between.statistic == pytest.approx((a.estimate - b.estimate) ** 2 / (va + vb), rel=1e-11)
    assert made.between.df2 == pytest.approx(df, rel=1e-12)


def test_welch_test_of_three_equal_variance_groups() -> None:
    """Against Welch's published formula written out: k = 3 groups of 3, as in a one-way layout."""
    y = np.array([1.0, 2, 3, 2, 4, 6, 7, 8, 12.0])
    made = subgroup_analysis(y, [1e-9] * 9, list("aaabbbccc"), test="knha")
    mean, w = y.reshape(3, 3).mean(axis=1), 3 / y.reshape(3, 3).var(axis=1, ddof=1)
    grand = (w * mean).sum() / w.sum()
    part = ((1 - w / w.sum()) ** 2 / 2).sum()
    f = (w * (mean - grand) ** 2).sum() / 2 / (1 + 2 * (3 - 2) / (9 - 1) * part)
    assert made.between.statistic == pytest.approx(f, rel=1e-7)
    assert made.between.df2 == pytest.approx((9 - 1) / (3 * part), rel=1e-7)


def test_shared_tau2_is_that_of_the_regression_on_groups() -> None:
    made = subgroup_analysis(Y, V, GROUPS, common_tau2=True, test="knha")
    cells = meta_regression(Y, V, np.column_stack((IV, ~IV)), test="knha", intercept=False)
    contrast = meta_regression(Y, V, ~IV, test="knha")
    for j, line in enumerate(made.groups):
        assert line.tau2 == pytest.approx(cells.tau2, rel=1e-12)
        assert line.estimate == pytest.approx(cells.coefficients[j], rel=1e-11)
        assert (line.se, line.p, line.df) == pytest.approx((cells.se[j], cells.p[j], 5.0), rel=1e-9)
    assert made.between.statistic == pytest.approx(contrast.qm, rel=1e-12)
    assert made.between.df2 == 5.0
    assert made.r2 == pytest.approx(contrast.r2, rel=1e-12)


def test_common_effect_groups_split_q() -> None:
    """Q within the groups and between them add up to the whole."""
    made = subgroup_analysis(Y, V, GROUPS, tau2="CE", test="z")
    within = sum(line.q for line in made.groups)
    assert made.between.statistic + within == pytest.approx(common_effect(Y, V).q, rel=1e-12)


def test_a_group_of_one_study_has_its_known_variance() -> None:
    made = subgroup_analysis(Y, V, ["only", *["rest"] * 6], test="knha")
    alone, rest = made.groups
    assert (alone.k, alone.df, alone.se) == (1, math.inf, pytest.approx(math.sqrt(V[0])))
    spread = (rest.se**2 / (alone.se**2 + rest.se**2)) ** 2 / 5
    assert made.between.df2 == pytest.approx(1 / spread, rel=1e-9)
    shared = subgroup_analysis(Y, V, ["only", *["rest"] * 6], common_tau2=True)
    assert shared.groups[0].tau2 > 0.0
    assert any("I² and H² are not defined" in note for note in shared.groups[0].notes)


@pytest.mark.parametrize("common_tau2", [False, True])
def test_one_group_has_nothing_to_be_compared_with(common_tau2: bool) -> None:
    made = subgroup_analysis(Y, V, ["all"] * 7, common_tau2=common_tau2)
    assert math.isnan(made.between.p)
    assert "nothing to compare" in made.between.note
    assert made.groups[0].estimate == pytest.approx(random_effects(Y, V).estimate, rel=1e-12)


def test_a_group_in_exact_agreement_cannot_be_compared_under_plain_hartung_knapp() -> None:
    made = subgroup_analysis([0.1, 0.1, 0.4, 0.9], [1.0] * 4, list("aabb"), test="knha")
    assert math.isnan(made.between.p)
    assert "standard error is 0" in made.between.note


def test_the_iqwig_rule_is_for_separate_groups() -> None:
    assert subgroup_analysis(Y, V, GROUPS, test="iqwig6").groups[0].test in ("knha", "adhoc")
    with pytest.raises(ValueError, match="with separate tau²"):
        subgroup_analysis(Y, V, GROUPS, test="iqwig6", common_tau2=True)


def test_one_label_per_study() -> None:
    with pytest.raises(ValueError, match="groups has 2 values for 7 studies"):
        subgroup_analysis(Y, V, ["a", "b"])
