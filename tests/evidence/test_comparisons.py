"""Pairs of arms: randomised, rated alike, of one kind and time; nobody and no control twice."""

from __future__ import annotations

from typing import Any

import pytest

from ketcli.evidence import catalog
from ketcli.evidence.load import Evidence
from ketcli.evidence.overlap import build
from ketcli.selection.comparisons import Selection, select
from ketcli.selection.filters import Filters, for_evidence
from ketcli.selection.treatments import parse
from tests.conftest import MakeDataset

STUDY: dict[str, Any] = {"study_id": "a-2001", "label": "A", "design": "rct-parallel", "population": "trd-mdd"}
KET: dict[str, Any] = {"study_id": "a-2001", "arm_id": "ket", "label": "K", "drug": "ketamine", "role": "active"}
KET |= {"route": "intravenous", "regimen": "single-dose"}
PBO: dict[str, Any] = KET | {"arm_id": "pbo", "drug": "placebo", "role": "control"}
ROW: dict[str, Any] = {"study_id": "a-2001", "outcome": "response", "scale": "MADRS", "time_days": 1}
ROW |= {"time_anchor": "first-dose", "total": 20, "analysis_set": "itt", "events_derived": 0}
ROW |= {"source_kind": "registry", "source_url": "https://example.org/a", "pool_rank": 1}


def _evidence(make_dataset: MakeDataset, studies: list[Any], arms: list[Any], outcomes: list[Any]) -> Evidence:
    for rows in (studies, arms, outcomes):
        for row in rows:
            row.setdefault("source_url", "https://example.org/a")
    return Evidence(catalog.locate(str(make_dataset(studies=studies, arms=arms, outcomes=outcomes)), {}))


def _row(arm: str, events: int | str, **other: Any) -> dict[str, Any]:
    return {**ROW, "arm_id": arm, "events": events, **other}


def _select(evidence: Evidence, first: str = "ketamine", second: str = "placebo", **given: Any) -> Selection:
    return select(evidence, for_evidence(evidence, **given), parse(first), parse(second), ("response", "remission"))


def _counts(pairs: Any) -> list[tuple[str, int, int, int, int]]:
    return [(p.first.study_id, p.first.events, p.first.total, p.second.events, p.second.total) for p in pairs]


def test_two_arms_rated_alike_are_a_pair_in_the_order_asked(make_dataset: MakeDataset) -> None:
    evidence = _evidence(make_dataset, [dict(STUDY)], [dict(KET), dict(PBO)], [_row("ket", 9), _row("pbo", 4)])
    assert _counts(_select(evidence).kept) == [("a-2001", 9, 20, 4, 20)]
    assert _counts(_select(evidence, "placebo", "ketamine").kept) == [("a-2001", 4, 20, 9, 20)]


@pytest.mark.parametrize(
    "change", [{"time_days": 2}, {"scale": "HDRS-17"}, {"analysis_set": "completers"}, {"outcome": "remission"}]
)
def test_arms_not_rated_alike_are_no_pair(make_dataset: MakeDataset, change: dict[str, Any]) -> None:
    rows = [_row("ket", 9), _row("pbo", 4, **change)]
    evidence = _evidence(make_dataset, [dict(STUDY)], [dict(KET), dict(PBO)], rows)
    chosen = _select(evidence)
    assert (chosen.kept, chosen.apart, chosen.left_out) == ((), (), ())


def test_several_doses_share_a_control_that_counts_once(make_dataset: MakeDataset) -> None:
    arms = [dict(KET, arm_id="low"), dict(KET, arm_id="high"), dict(PBO)]
    rows = [_row("low", 5), _row("high", 8), _row("pbo", 4)]
    evidence = _evidence(make_dataset, [dict(STUDY)], arms, rows)
    assert _counts(_select(evidence).kept) == [("a-2001", 13, 40, 4, 20)]


def test_an_arm_inside_the_other_is_no_comparator(make_dataset: MakeDataset) -> None:
    arms = [dict(KET), dict(PBO, part_of="ket")]
    evidence = _evidence(make_dataset, [dict(STUDY)], arms, [_row("ket", 9), _row("pbo", 4)])
    assert not _select(evidence).kept


def test_both_periods_of_a_crossover_stand_apart_and_the_first_alone_is_pooled(make_dataset: MakeDataset) -> None:
    study = dict(STUDY, design="rct-crossover")
    for crossover, kept in (("pooled-periods", 0), ("not-stated", 0), ("first-period", 1)):
        rows = [_row(arm, 5, crossover_data=crossover) for arm in ("ket", "pbo")]
        chosen = _select(_evidence(make_dataset, [study], [dict(KET), dict(PBO)], rows))
        assert (len(chosen.kept), len(chosen.apart)) == (kept, 1 - kept)


def test_treatments_not_given_at_random_stand_apart(make_dataset: MakeDataset) -> None:
    arms = [dict(KET, regimen="repeated"), dict(KET, regimen="repeated", arm_id="esk", drug="esketamine")]
    rows = [_row("ket", 9), _row("esk", 4)]
    evidence = _evidence(make_dataset, [dict(STUDY, design="cohort")], arms, rows)
    chosen = _select(evidence, "ketamine", "esketamine")
    assert not chosen.kept
    assert [(p.reason, p.randomised) for p in chosen.apart] == [("not-randomised", False)]


def test_a_new_antidepressant_makes_another_kind_of_control(make_dataset: MakeDataset) -> None:
    studies = [dict(STUDY, study_id=name) for name in ("a", "b")]
    arms = [
        dict(arm, study_id=name, background=background)
        for name, background in (("a", "new-oral-ad"), ("b", "add-on"))
        for arm in (KET, PBO)
    ]
    rows = [_row(arm, 5, study_id=name) for name in ("a", "b") for arm in ("ket", "pbo")]
    kept = _select(_evidence(make_dataset, studies, arms, rows)).kept
    assert len({pair.pool for pair in kept}) == 2


def test_placebo_and_midazolam_never_share_a_pool(make_dataset: MakeDataset) -> None:
    studies = [dict(STUDY, study_id=name) for name in ("a", "b", "c")]
    controls = {"a": "placebo", "b": "saline", "c": "midazolam"}
    arms = [dict(arm, study_id=s) for s in controls for arm in (KET, PBO)]
    for arm in arms:
        if arm["role"] == "control":
            arm["drug"] = controls[arm["study_id"]]
    rows = [_row(arm, 5, study_id=s) for s in controls for arm in ("ket", "pbo")]
    evidence = _evidence(make_dataset, studies, arms, rows)
    assert [p.first.study_id for p in _select(evidence).kept] == ["a", "b"]
    assert len({p.pool for p in _select(evidence).kept}) == 1
    assert [p.first.study_id for p in _select(evidence, "ketamine", "midazolam").kept] == ["c"]


def test_where_nothing_was_rated_in_the_window_the_nearest_one_is_taken(make_dataset: MakeDataset) -> None:
    rows = [_row(arm, n, time_days=day) for day, n in ((2, 6), (10, 3)) for arm in ("ket", "pbo")]
    evidence = _evidence(make_dataset, [dict(STUDY)], [dict(KET), dict(PBO)], rows)
    (pair,) = _select(evidence).kept
    assert (pair.first.time_days, pair.nearest) == (2.0, True)
    assert not _select(evidence, at="24h").kept
    (pair,) = _select(evidence, at="10d").kept
    assert (pair.first.time_days, pair.nearest) == (10.0, False)


def test_a_trial_outside_the_window_of_the_others_stands_apart(make_dataset: MakeDataset) -> None:
    studies = [dict(STUDY, study_id=name) for name in ("a", "b")]
    arms = [dict(arm, study_id=s) for s in ("a", "b") for arm in (KET, PBO)]
    rows = [_row(arm, 5, study_id=s, time_days=day) for s, day in (("a", 1), ("b", 3)) for arm in ("ket", "pbo")]
    chosen = _select(_evidence(make_dataset, studies, arms, rows))
    assert [p.first.study_id for p in chosen.kept] == ["a"]
    assert [(p.first.study_id, p.reason) for p in chosen.apart] == [("b", "other-time")]


def test_of_overlapping_records_the_larger_stays(make_dataset: MakeDataset) -> None:
    studies = [dict(STUDY, study_id=name, cohort_id="same") for name in ("a", "b")]
    arms = [dict(arm, study_id=s) for s in ("a", "b") for arm in (KET, PBO)]
    rows = [_row(arm, 5, study_id=s, total=n) for s, n in (("a", 20), ("b", 30)) for arm in ("ket", "pbo")]
    chosen = _select(_evidence(make_dataset, studies, arms, rows))
    assert [p.first.study_id for p in chosen.kept] == ["b"]
    assert [(p.first.study_id, p.clash) for p in chosen.left_out] == [("a", "b")]


def test_percents_without_counts_are_shown_and_never_added_up(make_dataset: MakeDataset) -> None:
    arms = [dict(KET, arm_id="low"), dict(KET, arm_id="high"), dict(PBO)]
    blank = {"total": "", "exclude_reason": "percent-only", "pool_rank": ""}
    rows = [_row(a, "", percent=p, **blank) for a, p in (("low", 30), ("high", 40), ("pbo", 10))]
    chosen = _select(_evidence(make_dataset, [dict(STUDY)], arms, rows))
    assert not chosen.kept
    (pair,) = chosen.apart
    assert (pair.reason, pair.first.events, pair.first.arms) == ("percent-only", None, ("low",))


@pytest.mark.parametrize(("first", "second"), [("ketamine", "placebo"), ("esketamine", "placebo"), ("iv", "nasal")])
@pytest.mark.parametrize("population", ["trd", "all"])
def test_nobody_is_pooled_twice_in_the_shipped_data(
    shipped: Evidence, first: str, second: str, population: str
) -> None:
    overlaps = build(shipped.rows("studies"))
    kept = _select(shipped, first, second, population=[population]).kept
    for pair in kept:
        for other in kept:
            if pair is not other and pair.cell == other.cell:
                assert pair.first.study_id != other.first.study_id
                assert not overlaps.share(pair.first.study_id, other.first.study_id)


def test_shipped_trials_against_placebo_with_a_new_antidepressant(shipped: Evidence) -> None:
    kept = _select(shipped, "esketamine", "placebo").kept
    pairs = [p for p in kept if p.new_antidepressant and p.first.outcome == "response"]
    assert _counts(pairs) == [
        ("fedgchin-2019", 115, 228, 42, 113),
        ("popova-2019", 71, 112, 54, 109),
        ("ochs-ross-2020", 17, 71, 8, 64),
        ("chen-2023", 21, 109, 17, 106),
    ]
    assert len({p.pool for p in pairs}) == 1


def test_other_populations_are_counted_not_pooled(shipped: Evidence) -> None:
    chosen = _select(shipped, "ketamine", "ect")
    assert _counts(chosen.kept) == [("anand-2023", 108, 195, 70, 170)]
    assert chosen.elsewhere == {"mdd": 2}
    assert Filters().population == ("trd-mdd", "mixed-trd")
