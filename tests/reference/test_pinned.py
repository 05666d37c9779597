"""The grid of worked examples is complete: each has its table, its numbers, its versions and its sections."""

import math
import re
from typing import Any

import pytest

from tests.reference import pinned

FILES = pinned.HERE / "pinned"

SECTIONS = {
    "proportions": {"study_intervals", "glmm"},
    "two_arm_counts": {"study_intervals", "corrections", "mh", "peto", "glmm"},
    "two_arm_means": {"j_exact", "j_approx"},
    "change": set(),
    "generic": set(),
}

MEASURES = {
    "proportions": {"PLO", "PAS", "PR", "PLN", "PFT"},
    "two_arm_counts": {"OR", "RR", "RD", "AS", "PETO"},
    "two_arm_means": {
        "MD",
        "MD_homoscedastic",
        "SMD_LS",
        "SMD_LS2",
        "SMD_UB",
        "SMD_uncorrected",
        "SMDH",
        "SMD1",
        "ROM",
    },
    "change": {"MC", "SMCC", "SMCR", "SMCRH"},
    "generic": {"GEN"},
}

DEEP = {"PLO", "OR", "RR", "RD", "MD", "SMD_LS", "GEN"}

ESTIMATORS = {"REML", "ML", "DL", "PM", "EB", "SJ", "HS", "HE"}

MOST_BYTES = 1_500_000


def measures() -> list[tuple[str, str]]:
    return [(name, measure) for name in pinned.names() for measure in pinned.load(name)["measures"]]


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def test_every_table_has_its_numbers() -> None:
    assert sorted(path.stem for path in FILES.glob("*.json")) == pinned.names()


def test_every_table_has_its_source() -> None:
    text = (pinned.HERE / "data" / "README.md").read_text(encoding="utf-8")
    named = {name for row in re.findall(r"^\| ([\w, ]+) \|", text, flags=re.MULTILINE) for name in row.split(", ")}
    assert named - {"file"} == set(pinned.names())


def test_numbers_stay_small_enough_to_read() -> None:
    assert sum(path.stat().st_size for path in FILES.glob("*.json")) < MOST_BYTES


def test_all_were_made_by_the_same_programs() -> None:
    versions = [pinned.load(name)["versions"] for name in pinned.names()]
    assert versions == [versions[0]] * len(versions)
    assert set(versions[0]) == {"r", "metafor", "metadat", "lme4", "club_sandwich", "num_deriv", "jsonlite"}


@pytest.mark.parametrize("name", pinned.names())
def test_sections(name: str) -> None:
    block = pinned.load(name)
    common = {"dataset", "kind", "columns", "rows", "level", "versions", "measures"}
    assert set(block) == common | SECTIONS[block["kind"]]
    assert block["dataset"] == name
    assert set(block["measures"]) == MEASURES[block["kind"]]
    assert not any(pinned.refused(block[section]) for section in SECTIONS[block["kind"]])


@pytest.mark.parametrize(("name", "measure"), measures())
def test_sections_of_a_measure(name: str, measure: str) -> None:
    block = pinned.load(name)["measures"][measure]
    expected = {"effects", "included", "common", "random", "heterogeneity", "prediction"}
    if measure in DEEP:
        expected |= {"leave_one_out", "influence", "baujat", "bias"}
    assert expected <= set(block)
    assert len(block["effects"]["yi"]) == len(block["effects"]["vi"]) == len(pinned.load(name)["rows"])
    assert set(block["random"]) == (ESTIMATORS if measure in DEEP | {"PR"} else {"REML", "DL"})
    assert not any(pinned.refused(fit) for fit in block["random"].values())


def test_rows_used_are_those_complete() -> None:
    assert all(
        not any(isinstance(value, float) and math.isnan(value) for value in column)
        for name in pinned.names()
        for role, column in pinned.arguments(name).items()
        if role != "order"
    )


@pytest.mark.parametrize("name", pinned.names())
def test_numbers_are_read_as_numbers(name: str) -> None:
    assert not {"NA", "NaN", "Inf", "-Inf"} & {leaf for leaf in leaves(pinned.load(name)) if isinstance(leaf, str)}


def test_words_stay_words() -> None:
    assert pinned.dataset("bcg")["author"][0] == "Aronson"
    assert pinned.arguments("bcg")["events1"][0] == 4.0


def test_the_sections_of_single_examples() -> None:
    bcg, clustered = pinned.load("bcg"), pinned.load("konstantopoulos2011")
    assert set(bcg["measures"]["RR"]["regression"]) == {"ablat", "ablat_year"}
    assert set(bcg["measures"]["RR"]["subgroups"]) == {"alloc"}
    assert len(bcg["measures"]["RR"]["cumulative"]["order"]) == 13
    assert not pinned.refused(clustered["measures"]["GEN"]["clustered"]["three_level"]["cr2"])
    assert pinned.load("Fleiss1993bin")["measures"]["RR"]["permutation"]["year"]["DL_z"]["permutations"] == 5040
    assert set(pinned.load("hine1989")["glmm"]) == {"included", "UM.FS", "UM.RS", "CM.EL", "metafor"}
