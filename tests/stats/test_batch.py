"""Thousands of meta-analyses at once give what one at a time gives; masks, refusals and the bootstrap."""

from typing import Any

import numpy as np
import pytest

from ketcli.stats.batch import bootstrap, solve_many
from ketcli.stats.pooling import common_effect, random_effects
from ketcli.stats.tau2 import METHODS
from tests.stats.meta_examples import EXTREME, HETEROGENEOUS

SAME = 1e-9
"""Relative; the two ways add the same numbers in another order."""

RNG = np.random.default_rng(20)
B, K = 60, 8
VARIANCES = RNG.uniform(0.01, 0.4, (B, K))
EFFECTS = RNG.normal(size=(B, K)) * np.sqrt(VARIANCES + RNG.choice([0.0, 0.1, 2.0], (B, 1)))
MASK = (RNG.random((B, K)) < 0.7) | (np.arange(K) == 0)


@pytest.mark.parametrize("test", ["z", "t", "knha", "adhoc"])
@pytest.mark.parametrize("method", METHODS)
def test_a_batch_is_its_meta_analyses(method: str, test: str) -> None:
    """Studies absent by mask hold NaN, as they do in a padded table."""
    y, v = np.where(MASK, EFFECTS, np.nan), np.where(MASK, VARIANCES, np.nan)
    fits = solve_many(y, v, mask=MASK, tau2=method, test=test, level=0.9)
    assert fits.converged.all()
    for b in range(B):
        line = random_effects(y[b, MASK[b]], v[b, MASK[b]], tau2=method, test=test, level=0.9)
        actual = [fits.estimate[b], fits.se[b, 0], fits.p[b, 0], fits.ci_low[b, 0], fits.ci_high[b, 0]]
        actual += [fits.tau2[b], fits.tau2_se[b], fits.q[b], fits.q_p[b], fits.i2[b], fits.h2[b], fits.k[b]]
        expected = [line.estimate, line.se, line.p, line.ci_low, line.ci_high]
        expected += [line.tau2, line.tau2_se, line.q, line.q_p, line.i2, line.h2, line.k]
        assert actual == pytest.approx(expected, rel=SAME, abs=1e-12, nan_ok=True)


def test_common_effect_in_a_batch() -> None:
    fits = solve_many(EFFECTS, VARIANCES, tau2="CE")
    lines = [common_effect(y, v) for y, v in zip(EFFECTS, VARIANCES, strict=True)]
    for name, actual in (("estimate", fits.estimate), ("se", fits.se[:, 0]), ("i2", fits.i2), ("h2", fits.h2)):
        np.testing.assert_allclose(actual, [getattr(line, name) for line in lines], rtol=SAME)
    assert np.isnan(fits.tau2_se).all()
    assert not fits.tau2.any()


def test_the_common_effect_has_no_hartung_knapp_test() -> None:
    asked, given = (solve_many(EFFECTS, VARIANCES, tau2="CE", test=test) for test in ("adhoc", "z"))
    assert asked.se.tolist() == given.se.tolist()
    assert asked.p.tolist() == given.p.tolist()


def test_ordinary_rows_are_not_disturbed_by_extreme_ones() -> None:
    """Rows share the number of grid points, chunks and iterations, never their numbers."""
    examples = [(y, v) for y, v in EXTREME.values() if len(y) == 4]
    examples.append((EFFECTS[0, :4].tolist(), VARIANCES[0, :4].tolist()))
    together = solve_many([y for y, _ in examples], [v for _, v in examples]).tau2
    assert together == pytest.approx([random_effects(y, v).tau2 for y, v in examples], rel=SAME)


def test_one_row_of_effects_may_meet_many_masks() -> None:
    mask = np.array([[True, True, True, False, True, True, True], [True] * 7])
    fits = solve_many(*HETEROGENEOUS, mask=mask)
    assert fits.tau2[1] == pytest.approx(random_effects(*HETEROGENEOUS).tau2, rel=SAME)
    assert fits.k.tolist() == [6.0, 7.0]


@pytest.mark.parametrize(
    ("y", "v", "options", "message"),
    [
        ([[[1.0, 2.0]]], [1.0, 1.0], {}, "one row per meta-analysis"),
        ([[1.0, np.nan]], [[1.0, 1.0]], {}, "wherever a study takes part"),
        ([[1.0, 2.0]], [[1.0, 0.0]], {}, "wherever a study takes part"),
        ([[1.0, 2.0], [1.0, 2.0]], [[1.0, 1.0]], {"mask": [[True, True], [False, False]]}, "no studies in .* 2"),
        ([[1.0, 2.0]], [[1.0, 1.0]], {"tau2": "XX"}, "tau2 must be one of"),
        ([[1.0, 2.0]], [[1.0, 1.0]], {"test": "iqwig6"}, "test must be one of"),
        ([[1.0, 2.0]], [[1.0, 1.0]], {"level": 1.0}, "level must lie"),
    ],
)
def test_bad_arguments(y: Any, v: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        solve_many(y, v, **options)


def test_bootstrap_is_reproducible_and_centred() -> None:
    first, again, other = (bootstrap(*HETEROGENEOUS, iterations=400, seed=s) for s in (1, 1, 2))
    assert first.estimate.tolist() == again.estimate.tolist()
    assert first.estimate.tolist() != other.estimate.tolist()
    mean = random_effects(*HETEROGENEOUS)
    assert first.estimate_interval.low < mean.estimate < first.estimate_interval.high
    assert 0.0 <= first.tau2_interval.low <= first.tau2_interval.high
    assert first.i2.shape == (400,)


def test_bootstrap_draws_whole_studies() -> None:
    """An effect keeps its own variance: with one precise study many resamples are that study alone."""
    made = bootstrap([0.0, 1.0], [1e-6, 1e-6], iterations=200, seed=5, tau2="DL")
    assert set(np.round(made.estimate, 6)) == {0.0, 0.5, 1.0}


def test_bootstrap_of_one_study() -> None:
    made = bootstrap([0.3], [0.1], iterations=10)
    assert (made.estimate_interval.low, made.estimate_interval.high) == (0.3, 0.3)
    assert np.isnan(made.i2_interval.low)
    assert made.i2_interval.note == "Not defined in every resample."


def test_bootstrap_needs_an_iteration() -> None:
    with pytest.raises(ValueError, match="iterations must be at least 1"):
        bootstrap(*HETEROGENEOUS, iterations=0)
