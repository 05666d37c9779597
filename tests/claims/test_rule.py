"""The written rule: every verdict it can give, from made-up lines, and that nothing else moves it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.claims.answer import Answer
from ketcli.claims.check import parse
from ketcli.claims.rule import CONTRADICTED, PARTLY, SUPPORTED, UNSUPPORTED, judge, position
from ketcli.claims.statement import Statement
from ketcli.claims.tally import AGAINST, FOR, NEITHER, Vote
from ketcli.quantities.quantity import Quantity


def statement(
    check: str, low: float | None = None, high: float | None = None, unit: str = "percent", recorded: str = ""
) -> Statement:
    return Statement(
        claim_id="x1",
        section="",
        text="said",
        quantity="",
        low=low,
        high=high,
        unit=unit,
        population="",
        outcome="",
        timeframe="",
        likely_source="",
        recorded=recorded,
        note="as noted",
        evidence_ids=(),
        check=check,
        checks=parse(check),
        source_url="",
    )


def share(estimate: float, low: float, high: float, k: int = 3) -> Quantity:
    return Quantity("pool", "rate", estimate, low, high, k=k, regimen="single-dose")


def verdict(said: Statement, *lines: Quantity, **more: object) -> tuple[str, str]:
    first = Answer(said.checks[0], lines, **more)  # type: ignore[arg-type]
    found = judge(said, [first])
    return found.verdict, found.rule


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([share(0.6, 0.55, 0.65)], SUPPORTED),
        ([share(0.6, 0.46, 0.74)], SUPPORTED),  # 45 to 75 with five points either way
        ([share(0.6, 0.30, 0.85)], PARTLY),
        ([share(0.2, 0.10, 0.30)], CONTRADICTED),
        ([share(0.6, 0.55, 0.65), share(0.2, 0.10, 0.30)], PARTLY),
        ([share(0.6, 0.55, 0.65)] * 3 + [share(0.2, 0.10, 0.30)], SUPPORTED),
        ([], UNSUPPORTED),
    ],
)
def test_range_rule(lines: list[Quantity], expected: str) -> None:
    assert (expected, "range") == verdict(statement("table=outcomes;outcome=response", 50, 70), *lines)


def test_a_printed_figure_without_an_interval_lies_within_or_outside() -> None:
    figures = Quantity("figures", "rate", k=2, members=(Quantity("a", "rate", 0.30), Quantity("b", "rate", 0.06)))
    assert verdict(statement("table=prevalence;field=estimate_percent", 30, 50), figures) == (PARTLY, "range")


def test_years_and_ratios_are_taken_as_they_are() -> None:
    year = Quantity("first trial", "year", 2000.0)
    assert verdict(statement("table=studies;field=year", 2000, 2009, "year"), year) == (SUPPORTED, "range")
    earlier = Quantity("first trial", "year", 1999.0)
    assert verdict(statement("table=studies;field=year", 2000, 2009, "year"), earlier) == (CONTRADICTED, "range")


def test_an_open_end_does_not_limit() -> None:
    at_least = statement("table=outcomes;outcome=response", 40, None)
    assert verdict(at_least, share(0.9, 0.8, 0.99)) == (SUPPORTED, "range")


STUDY = "table=outcomes;study_id=zarate-2006;outcome=remission;regimen=repeated-course"


def test_a_number_of_a_treatment_that_the_study_never_gave_is_contradicted() -> None:
    found = Quantity("Zarate 2006: remission", "rate", 0.29, 0.13, 0.53, time_days=1.0, regimen="single-dose")
    said = statement(STUDY, 30, 30)
    assert verdict(said, elsewhere=(found,), given=False) == (CONTRADICTED, "study")
    assert verdict(said, elsewhere=(found,), given=True) == (UNSUPPORTED, "study")
    assert verdict(said) == (UNSUPPORTED, "study")


def test_what_stands_beside_tells_but_does_not_decide() -> None:
    said = statement(f"{STUDY} + table=outcomes;outcome=remission", 30, 30)
    found = Quantity("Zarate 2006: remission", "rate", 0.29, 0.13, 0.53, time_days=1.0, regimen="single-dose")
    beside = Answer(said.checks[1], (share(0.30, 0.27, 0.33, k=9),))
    judged = judge(said, [Answer(said.checks[0], (), elsewhere=(found,), given=False), beside])
    assert judged.verdict == CONTRADICTED
    assert "within the claim" in judged.reason


def test_a_publication_without_such_an_estimate_does_not_bear_a_claim() -> None:
    said = statement("table=reviews;journal=JAMA Psychiatry;outcome=response", 50, 75)
    assert verdict(said) == (UNSUPPORTED, "source")


def ratio(low: float, high: float) -> Quantity:
    return Quantity("pair", "rr", (low * high) ** 0.5, low, high)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([ratio(1.1, 2.0)], SUPPORTED),
        ([ratio(0.8, 2.0)], UNSUPPORTED),
        ([ratio(0.3, 0.8)], CONTRADICTED),
        ([ratio(1.1, 2.0), ratio(0.3, 0.8)], PARTLY),
        ([ratio(1.1, 2.0), ratio(0.8, 2.0)], PARTLY),
        ([ratio(0.3, 0.8), ratio(0.8, 2.0)], CONTRADICTED),
        ([ratio(1.1, 2.0)] * 3 + [ratio(0.8, 2.0)], SUPPORTED),
        ([ratio(1.1, 2.0)] * 9 + [ratio(0.3, 0.8)], PARTLY),
        ([], UNSUPPORTED),
    ],
)
def test_direction_rule(lines: list[Quantity], expected: str) -> None:
    assert (expected, "direction") == verdict(statement("table=outcomes;against=placebo;expect=more"), *lines)


def test_the_other_direction_turns_the_verdict() -> None:
    less = statement("table=outcomes;against=placebo;expect=less")
    assert verdict(less, ratio(1.1, 2.0)) == (CONTRADICTED, "direction")
    assert verdict(less, ratio(0.3, 0.8)) == (SUPPORTED, "direction")


def votes(controlled: str, other: str = "") -> tuple[Vote, ...]:
    sides = {"+": FOR, "-": AGAINST, "0": NEITHER}
    return tuple(
        Vote("age", f"{kind}{i}", sides[mark], kind, ())
        for kind, marks in ((True, controlled), (False, other))
        for i, mark in enumerate(marks)
    )


@pytest.mark.parametrize(
    ("controlled", "other", "expected"),
    [
        ("++", "", SUPPORTED),
        ("++0", "---", SUPPORTED),
        ("++00", "", PARTLY),
        ("+", "", PARTLY),
        ("0", "+++", UNSUPPORTED),
        ("-", "", UNSUPPORTED),
        ("--0", "", CONTRADICTED),
        ("", "+", PARTLY),
        ("", "++++", PARTLY),
        ("", "--", UNSUPPORTED),
        ("", "", UNSUPPORTED),
    ],
)
def test_tally_rule(controlled: str, other: str, expected: str) -> None:
    said = statement("table=factors;factor=age;expect=differs")
    assert (expected, "tally") == verdict(said, votes=votes(controlled, other))


def test_without_a_test_the_recorded_verdict_stands() -> None:
    said = statement("table=mechanism", recorded="partly")
    assert verdict(said, Quantity("13 steps", "")) == ("partly", "recorded")
    assert judge(said, []).reason == "as noted"


def test_without_a_test_and_a_record_there_is_no_verdict() -> None:
    assert verdict(statement("table=mechanism")) == ("", "none")


proportions = st.floats(0.0, 1.0)


@given(proportions, proportions, proportions, proportions)
@settings(derandomize=True, max_examples=60)
def test_a_wider_claim_is_never_further_away(a: float, b: float, c: float, d: float) -> None:
    low, high, bottom, top = min(a, b), max(a, b), min(c, d), max(c, d)
    line = share((bottom + top) / 2.0, bottom, top)
    order = ["within", "across", "outside"]
    wide, narrow = position(line, (low - 0.1, high + 0.1)), position(line, (low, high))
    assert order.index(wide) <= order.index(narrow)
