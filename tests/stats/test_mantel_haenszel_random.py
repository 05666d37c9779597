"""Review Manager 5's random effects: as R's package meta 8.4 computes them (metabin, Q.Cochrane, method.tau DL)."""

from __future__ import annotations

import numpy as np
import pytest

from ketcli.stats.effects.two_arm import two_arm_effects
from ketcli.stats.tables.mantel_haenszel import mantel_haenszel
from ketcli.stats.tables.mantel_haenszel_random import mantel_haenszel_random
from tests.reference import pinned

# settings.meta("RevMan5"); metabin(...): estimate, se, tau², I² in percent, Q of the BCG trials
BCG = {
    "RR": (-0.714186119568731, 0.178913379672946, 0.309496853763867, 92.1346316973064, 152.567553586657),
    "OR": (-0.74752807926685, 0.192665648017594, 0.368228051856333, 92.6803640448177, 163.942579569193),
    "RD": (-0.0081488085340571, 0.00181866216157486, 2.65483230051788e-05, 96.8974285362685, 386.77594183656),
}


@pytest.mark.parametrize("measure", BCG)
def test_bcg_is_what_review_manager_prints(measure: str) -> None:
    columns = pinned.arguments("bcg")
    counts = tuple(np.array(columns[role]) for role in ("events1", "total1", "events2", "total2"))
    effects = two_arm_effects(measure, *counts)
    line = mantel_haenszel_random(measure, effects.yi, effects.vi, counts)
    found = (line.estimate, line.se, line.tau2, line.i2, line.q)
    assert found == pytest.approx(BCG[measure], rel=1e-12)
    assert (line.model, line.method, line.test) == ("random", "DL", "z")


def test_one_study_is_itself_and_agreement_has_no_tau2() -> None:
    one = mantel_haenszel_random("OR", [0.5], [0.2], ([5], [10], [3], [10]))
    assert (one.estimate, one.tau2, one.q) == (0.5, 0.0, 0.0)
    counts = ([10, 20], [40, 80], [5, 10], [40, 80])
    effects = two_arm_effects("RR", *counts)
    same = mantel_haenszel_random("RR", effects.yi, effects.vi, counts)
    assert same.tau2 == 0.0
    assert same.estimate == pytest.approx(mantel_haenszel("RR", *counts).estimate)
