"""Pools of published reviews made again: as printed where the arithmetic is understood, mended where wrong."""

from __future__ import annotations

import math

import pytest

from ketcli.evidence import catalog
from ketcli.evidence.load import Evidence
from ketcli.reviews.plans import PLANS
from ketcli.reviews.pools import Remade, remake, with_trials
from tests.conftest import MakeDataset

# estimate, lower and upper limit from R: metafor 3.8-1, rma, rma.mh and rma.mv on the trial data of data/
METAFOR = {
    ("marchi-2022", "depression-score", "as the review pooled it"): (-0.6130589347, -1.0633706704, -0.1627471990),
    ("marchi-2022", "depression-score", "without Zhong 2016 and Zhang 2018"): (
        *(-0.2017496751, -0.5050139823, 0.1015146320),
    ),
    ("marchi-2022", "depression-score", "without all three"): (-0.1179764633, -0.3875025223, 0.1515495956),
    ("marchi-2022", "depression-score", "the three spreads read as standard errors"): (
        *(-0.24060791818, -0.50351907534, 0.02230323897),
    ),
    ("marchi-2022", "anxiety-score", "as the review pooled it"): (-0.417417392106, -0.838767806104, 0.003933021892),
    ("marchi-2022", "anxiety-score", "without the trial of ketamine added to ECT"): (
        *(-0.57611333148, -1.06749285244, -0.08473381053),
    ),
    ("marchi-2022", "any-adverse-event", "from the authors' published counts"): (
        *(2.573613746, 1.495530372, 4.428855368),
    ),
    ("marchi-2022", "discontinued-ae", "from the authors' published counts"): (
        *(1.3935524113, 0.5596882566, 3.4697678577),
    ),
    ("marchi-2022", "dropout", "from the authors' published counts"): (1.0423793425, 0.7157846439, 1.5179910646),
    ("newport-2015", "response", "five of the seven trials"): (9.426572438, 3.879481802, 22.905190043),
    ("postop-2025-esketamine", "postoperative-depression", "as the review pooled it: 13 rows"): (
        *(-0.07552079966, -0.10129151543, -0.04975008389),
    ),
    ("lim-2021", "depression-score", "as the review pooled it, weeks 3 to 4"): (
        *(-0.2466033793, -0.3528443189, -0.1403624397),
    ),
    ("medicine-2025-esketamine", "depression-score", "as the review pooled it"): (
        *(-3.882757089, -5.714417497, -2.051096681),
    ),
    ("ndt-2022-esketamine", "depression-score", "as the review pooled it: 10 arms of 7 trials"): (
        *(-2.675255032, -3.980437163, -1.370072900),
    ),
    ("ndt-2022-esketamine", "depression-score", "each control counted once"): (
        *(-2.894625834, -4.325215696, -1.464035972),
    ),
}
AGREE = {"marchi-2022", "postop-2025-esketamine", "lim-2021", "medicine-2025-esketamine", "ndt-2022-esketamine"}


@pytest.fixture(scope="module")
def made(shipped: Evidence) -> list[Remade]:
    return remake(shipped)


def one(made: list[Remade], review: str, outcome: str, what: str) -> Remade:
    (found,) = [m for m in made if (m.plan.review_id, m.plan.outcome, m.plan.what) == (review, outcome, what)]
    return found


@pytest.mark.parametrize("key", METAFOR, ids=lambda key: f"{key[0]} {key[2]}")
def test_pools_are_those_that_metafor_makes_of_the_same_trials(
    made: list[Remade], key: tuple[str, str, str]
) -> None:
    values = one(made, *key).values
    assert METAFOR[key] == pytest.approx([values[n] for n in ("estimate", "ci_low", "ci_high")], abs=1e-8)


def test_every_plan_finds_its_trials(made: list[Remade], shipped: Evidence) -> None:
    assert len(PLANS) == len(made)
    assert {m.plan.review_id for m in made} == set(with_trials(shipped))


def test_all_reviews_but_the_partial_rebuild_agree_with_what_they_print(made: list[Remade]) -> None:
    judged = {m.plan.review_id: m.agrees for m in made if m.agrees is not None}
    assert dict.fromkeys(AGREE, True) | {"newport-2015": False} == judged


def test_the_mended_marchi_pool_no_longer_excludes_no_effect(made: list[Remade]) -> None:
    for found in made:
        if found.plan.corrected and found.plan.review_id == "marchi-2022":
            low, high = found.values["ci_low"], found.values["ci_high"]
            assert low is not None
            assert high is not None
            assert low < 0.0 < high


def test_a_control_shared_by_arms_counts_its_people_once(made: list[Remade]) -> None:
    printed = one(made, "ndt-2022-esketamine", "depression-score", "as the review pooled it: 10 arms of 7 trials")
    mended = one(made, "ndt-2022-esketamine", "depression-score", "each control counted once")
    # Fedgchin's 108 controls stand twice in print, Takahashi's 72 three times
    assert (printed.n or 0) - (mended.n or 0) == 108 + 2 * 72


def test_no_trial_stands_twice_in_a_mended_postoperative_pool(made: list[Remade]) -> None:
    for found in made:
        if found.plan.corrected and found.plan.review_id.startswith("postop"):
            labels = [row["trial_label"] for row in found.trials]
            assert sorted(set(labels)) == sorted(labels)


def test_a_review_without_a_plan_is_pooled_by_the_model_it_names(make_dataset: MakeDataset) -> None:
    review = {"review_id": "own-2020", "label": "Own", "outcome": "response", "measure": "rr", "model": "fixed-mh"}
    trial = {"review_id": "own-2020", "outcome": "response", "total_active": 20, "total_control": 20}
    trials = [
        {**trial, "trial_label": "A", "events_active": 10, "events_control": 5},
        {**trial, "trial_label": "B", "events_active": 12, "events_control": 6},
    ]
    folder = make_dataset(reviews=[{**review, "drug": "ketamine", "estimate": 2.0}], reviews_trials=trials)
    (found,) = remake(Evidence(catalog.locate(str(folder), {})))
    # Mantel-Haenszel of equal arms: (10 + 12) / (5 + 6)
    assert math.isclose(2.0, found.values["estimate"] or 0.0, rel_tol=1e-12)
    assert found.agrees is True
