"""Leave-one-out, cumulative and case diagnostics against refits by hand; designs a deletion makes singular."""

import math

import numpy as np
import pytest

from ketcli.stats.influence import baujat, cumulative, influence, leave_one_out
from ketcli.stats.pooling import common_effect, random_effects
from ketcli.stats.regression import meta_regression
from tests.stats.meta_examples import HETEROGENEOUS

Y, V = HETEROGENEOUS
X = np.column_stack((np.ones(7), [0.2, 0.5, 0.5, 1.0, 0.3, 0.8, 0.5]))


@pytest.mark.parametrize("test", ["z", "knha", "adhoc"])
@pytest.mark.parametrize("method", ["REML", "DL", "PM"])
def test_leave_one_out_pools_the_others(method: str, test: str) -> None:
    made = leave_one_out(Y, V, tau2=method, test=test)
    assert made.study.tolist() == list(range(7))
    for i in range(7):
        line = random_effects(np.delete(Y, i), np.delete(V, i), tau2=method, test=test)
        actual = [
            getattr(made, name)[i] for name in ("estimate", "se", "p", "ci_low", "tau2", "i2", "h2", "q", "q_p")
        ]
        expected = [
            getattr(line, name) for name in ("estimate", "se", "p", "ci_low", "tau2", "i2", "h2", "q", "q_p")
        ]
        assert actual == pytest.approx(expected, rel=1e-9)


def test_leave_one_out_of_the_common_effect() -> None:
    made = leave_one_out(Y, V, tau2="CE", test="z")
    line = common_effect(Y[1:], V[1:])
    actual = [made.estimate[0], made.se[0], made.i2[0], made.h2[0], made.tau2[0]]
    assert actual == pytest.approx([line.estimate, line.se, line.i2, line.h2, 0.0], rel=1e-11)


def test_refits_with_two_peaks_are_told() -> None:
    """Leaving out either of the last two, or one of the precise three, leaves the likelihood its peaks or not."""
    y, v = [0.0, 1e-4, -1e-4, 5.0, 5.0], [3e-8, 3e-8, 3e-8, 1.0, 1.0]
    note = leave_one_out(y, v).notes[0]
    assert "more than one local maximum in tau² in" in note
    assert "of 5 fits; the highest was taken" in note


def test_leaving_one_of_two_is_the_other() -> None:
    made = leave_one_out(Y[:2], V[:2])
    assert made.estimate.tolist() == Y[1::-1].tolist()
    assert made.ci_high[0] == pytest.approx(Y[1] + 1.959963984540054 * math.sqrt(V[1]), rel=1e-12)
    assert np.isnan(made.i2).all()


def test_one_study_cannot_be_left_out() -> None:
    made = leave_one_out([0.3], [0.1])
    assert made.estimate.size == 0
    assert made.notes == ("One study: none can be left out.",)


def test_cumulative_follows_the_years() -> None:
    years = [2020, 2010, 2015, 2010, 2012, 2024, 2018]
    order = [1, 3, 4, 2, 6, 0, 5]
    made = cumulative(Y, V, by=years)
    assert made.study.tolist() == order
    assert made.k.tolist() == [1, 2, 3, 4, 5, 6, 7]
    for n in range(1, 8):
        line = random_effects(Y[order[:n]], V[order[:n]])
        assert (made.estimate[n - 1], made.se[n - 1], made.p[n - 1]) == pytest.approx(
            (line.estimate, line.se, line.p), rel=1e-9
        )


def test_cumulative_needs_one_key_per_study() -> None:
    with pytest.raises(ValueError, match="by has 2 values for 7 studies"):
        cumulative(Y, V, by=[1, 2])


@pytest.mark.parametrize("test", ["z", "knha"])
def test_diagnostics_of_a_regression_by_refitting(test: str) -> None:
    """Every definition written out with separate regressions of the studies left."""
    full = meta_regression(Y, V, X, test=test, intercept=False)
    made = influence(Y, V, X, test=test)
    for i in range(7):
        keep = np.arange(7) != i
        left = meta_regression(Y[keep], V[keep], X[keep], test=test, intercept=False)
        w = 1.0 / (V + left.tau2)
        scale = left.factor * np.diag(np.linalg.inv(X.T @ (w[:, None] * X)))
        moved = full.coefficients - left.coefficients
        residual = Y[i] - X[i] @ left.coefficients
        spread = left.factor * (V[i] + left.tau2)
        hat = X[i] @ (full.covariance / full.factor) @ X[i] / (V[i] + full.tau2)
        expected = [
            residual / math.sqrt(spread + X[i] @ left.covariance @ X[i]),
            X[i] @ moved / math.sqrt(hat * spread),
            moved @ np.linalg.solve(full.covariance, moved),
            np.linalg.det(left.covariance) / np.linalg.det(full.covariance),
            left.tau2,
            left.qe,
            hat,
            *(moved / np.sqrt(scale)),
        ]
        actual = [
            made.rstudent,
            made.dffits,
            made.cook,
            made.cov_ratio,
            made.tau2_deleted,
            made.qe_deleted,
            made.hat,
        ]
        assert [a[i] for a in actual] + list(made.dfbetas[i]) == pytest.approx(expected, rel=1e-8)


def test_leverages_add_up_to_the_coefficients() -> None:
    assert influence(Y, V).hat.sum() == pytest.approx(1.0, rel=1e-12)
    assert influence(Y, V, X).hat.sum() == pytest.approx(2.0, rel=1e-12)


def test_an_outlier_with_weight_is_marked() -> None:
    assert influence(np.append(np.zeros(9), 1.5), np.full(10, 0.1), tau2="CE").influential.tolist() == [
        False
    ] * 9 + [True]


def test_a_study_that_alone_carries_a_coefficient_cannot_be_left_out() -> None:
    x = np.column_stack((np.ones(5), [1.0, 0, 0, 0, 0]))
    made = influence(Y[:5], V[:5], x)
    assert np.isnan([made.rstudent[0], made.cook[0], made.tau2_deleted[0]]).all()
    assert np.isfinite(made.rstudent[1:]).all()
    assert not made.influential[0]
    assert made.notes == ("1 of the studies cannot be left out without making the design singular.",)


def test_one_study_has_no_diagnostics() -> None:
    made = influence([0.3], [0.1])
    assert np.isnan(made.rstudent).all()
    assert made.hat.tolist() == [1.0]
    assert made.notes == ("Too few studies: none can be left out.",)


def test_baujat_horizontal_parts_add_up_to_q() -> None:
    x, y = baujat(Y, V)
    assert x.sum() == pytest.approx(common_effect(Y, V).q, rel=1e-12)
    rest = common_effect(Y[1:], V[1:])
    assert y[0] == pytest.approx((common_effect(Y, V).estimate - rest.estimate) ** 2 / rest.se**2, rel=1e-9)
