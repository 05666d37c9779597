"""Study effects and their way back to natural scales agree with R's metafor on every worked example."""

from typing import Any

import numpy as np
import pytest

from ketcli.stats.effects.means import bias_correction, change_effects, mean_effects
from ketcli.stats.effects.proportions import proportion_effects
from ketcli.stats.effects.transforms import harmonic_mean, to_natural
from ketcli.stats.effects.two_arm import two_arm_effects
from ketcli.stats.results import Effects
from tests.reference import pinned

PROPORTIONS = ("edge_all_events", "edge_all_zero", "edge_k1", "edge_k2", "edge_tau0", "pritz1997")
TWO_ARM = ("Fleiss1993bin", "bcg", "collins1985a", "edge_bin2_zero_cells", "hine1989", "nielweise2007")
MEANS = "normand1999"
CHANGE = "morris2008"

ABSOLUTE = 1e-13
"""For effects that are zero but for rounding, such as equal arms."""


def assert_effects(actual: Effects, expected: dict[str, Any]) -> None:
    np.testing.assert_allclose(actual.yi, expected["yi"], rtol=pinned.CLOSED_FORM, atol=ABSOLUTE)
    np.testing.assert_allclose(actual.vi, expected["vi"], rtol=pinned.CLOSED_FORM)


def counts(name: str) -> list[Any]:
    given = pinned.arguments(name)
    return [given[column] for column in ("events1", "total1", "events2", "total2")]


@pytest.mark.parametrize(
    ("kind", "covered"),
    [
        ("proportions", PROPORTIONS),
        ("two_arm_counts", TWO_ARM),
        ("two_arm_means", (MEANS,)),
        ("change", (CHANGE,)),
    ],
)
def test_every_example_of_the_kind_is_covered(kind: str, covered: tuple[str, ...]) -> None:
    """A worked example added to the folder must not go untested."""
    assert {name for name in pinned.names() if pinned.load(name)["kind"] == kind} == set(covered)


@pytest.mark.parametrize("measure", ["PLO", "PLN", "PR", "PAS", "PFT"])
@pytest.mark.parametrize("name", PROPORTIONS)
def test_proportions(name: str, measure: str) -> None:
    given = pinned.arguments(name)
    expected = pinned.load(name)["measures"][measure]["effects"]
    assert_effects(proportion_effects(measure, given["events"], given["total"]), expected)


@pytest.mark.parametrize("line", ["common_z", "REML_z"])
@pytest.mark.parametrize("name", PROPORTIONS)
def test_double_arcsine_goes_back_by_the_harmonic_mean(name: str, line: str) -> None:
    block = pinned.load(name)["measures"]["PFT"]
    sizes = pinned.arguments(name)["total"]
    pooled = block["common"]["z"] if line == "common_z" else block["random"]["REML"]["z"]
    ends = [pooled["estimate"], pooled["ci_low"], pooled["ci_high"]]
    assert harmonic_mean(sizes) == pytest.approx(block["back_transformed"]["harmonic_mean_n"], rel=1e-14, abs=0)
    np.testing.assert_allclose(
        to_natural("PFT", sizes)(ends), block["back_transformed"][line], rtol=pinned.CLOSED_FORM, atol=ABSOLUTE
    )


@pytest.mark.parametrize("measure", ["OR", "RR", "RD", "AS", "PETO"])
@pytest.mark.parametrize("name", TWO_ARM)
def test_two_arms(name: str, measure: str) -> None:
    effects = two_arm_effects(measure, *counts(name))
    block = pinned.load(name)["measures"][measure]
    assert_effects(effects, block["effects"])
    assert np.flatnonzero([reason == "" for reason in effects.excluded]).tolist() == block["included"]


@pytest.mark.parametrize("to", ["only0", "all", "if0all", "none"])
@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
@pytest.mark.parametrize("name", TWO_ARM)
def test_corrections(name: str, measure: str, to: str) -> None:
    """R gives infinite effects and variances of zero where the project gives no effect and a reason."""
    expected = pinned.load(name)["corrections"][measure][to]
    yi, vi = np.array(expected["yi"], dtype=float), np.array(expected["vi"], dtype=float)
    usable = np.isfinite(yi) & np.isfinite(vi) & (vi > 0)
    assert_effects(
        two_arm_effects(measure, *counts(name), to=to, drop00=False),
        {"yi": np.where(usable, yi, np.nan), "vi": np.where(usable, vi, np.nan)},
    )


@pytest.mark.parametrize("name", TWO_ARM)
def test_treatment_arm_correction(name: str) -> None:
    effects = two_arm_effects("OR", *counts(name), correction="tacc", drop00=False)
    assert_effects(effects, pinned.load(name)["corrections"]["OR"]["tacc"])


def means() -> list[Any]:
    given = pinned.arguments(MEANS)
    return [given[column] for column in ("m1", "sd1", "n1", "m2", "sd2", "n2")]


@pytest.mark.parametrize(
    ("key", "measure", "options"),
    [
        ("MD", "MD", {}),
        ("MD_homoscedastic", "MD", {"variance": "HO"}),
        ("SMD_LS", "SMD", {}),
        ("SMD_LS2", "SMD", {"variance": "LS2"}),
        ("SMD_UB", "SMD", {"variance": "UB"}),
        ("SMD1", "SMD1", {}),
        ("ROM", "ROM", {"correction": "none"}),
    ],
)
def test_means(key: str, measure: str, options: dict[str, Any]) -> None:
    expected = pinned.load(MEANS)["measures"][key]["effects"]
    assert_effects(mean_effects(measure, *means(), **options), expected)


def test_ratio_of_means_is_corrected_by_its_variances() -> None:
    """metafor 3.8 has the plain log ratio; what metafor 5 adds is half the difference of both parts."""
    m1, sd1, n1, m2, sd2, n2 = (np.array(column) for column in means())
    plain = np.array(pinned.load(MEANS)["measures"]["ROM"]["effects"]["yi"])
    expected = plain + 0.5 * (sd1**2 / (n1 * m1**2) - sd2**2 / (n2 * m2**2))
    np.testing.assert_allclose(mean_effects("ROM", *means()).yi, expected, rtol=pinned.CLOSED_FORM)


def test_difference_standardised_by_both_spreads() -> None:
    """metafor 3.8 multiplies this variance by J squared, metafor from 4.6 on does not; nor does the project."""
    expected = pinned.load(MEANS)["measures"]["SMDH"]["effects"]
    effects = mean_effects("SMDH", *means())
    j = bias_correction(np.array(means()[2]) + np.array(means()[5]) - 2)
    np.testing.assert_allclose(effects.yi, expected["yi"], rtol=pinned.CLOSED_FORM)
    np.testing.assert_allclose(effects.vi * j**2, expected["vi"], rtol=pinned.CLOSED_FORM)


def test_bias_correction() -> None:
    df = np.array(means()[2]) + np.array(means()[5]) - 2
    block = pinned.load(MEANS)
    np.testing.assert_allclose(bias_correction(df), block["j_exact"], rtol=pinned.CLOSED_FORM)
    np.testing.assert_allclose(bias_correction(df, "approx"), block["j_approx"], rtol=pinned.CLOSED_FORM)


def change(measure: str) -> Effects:
    given = pinned.arguments(CHANGE)
    columns = ("m_post", "m_pre", "sd_post", "sd_pre", "n", "r")
    return change_effects(measure, *(given[column] for column in columns))


@pytest.mark.parametrize("measure", ["MC", "SMCC", "SMCR"])
def test_change(measure: str) -> None:
    assert_effects(change(measure), pinned.load(CHANGE)["measures"][measure]["effects"])


def test_change_with_unequal_spreads() -> None:
    """metafor 3.8 multiplies this variance by J squared, metafor from 4.6 on does not; nor does the project."""
    expected = pinned.load(CHANGE)["measures"]["SMCRH"]["effects"]
    effects = change("SMCRH")
    j = bias_correction(effects.ni - 1)
    np.testing.assert_allclose(effects.yi, expected["yi"], rtol=pinned.CLOSED_FORM)
    np.testing.assert_allclose(effects.vi * j**2, expected["vi"], rtol=pinned.CLOSED_FORM)
