"""The check of a statement: what it asks, and one clear error for each way to write it wrong."""

from __future__ import annotations

import pytest

from ketcli.claims.check import Check, parse
from ketcli.errors import UsageError
from ketcli.evidence.load import Evidence


def test_pairs_values_and_further_questions_are_read() -> None:
    text = "table=outcomes;outcome=remission;drug=ketamine|esketamine;day=0-1.5;expect=more + table=prevalence"
    first, second = parse(text)
    wanted = {"outcome": ("remission",), "drug": ("ketamine", "esketamine"), "day": ("0-1.5",)}
    assert Check("outcomes", wanted, "more") == first
    assert Check("prevalence", {}) == second


def test_a_span_of_days_is_a_window_and_a_day_stands_for_itself() -> None:
    span, day = (parse(f"outcome=response;day={text}")[0].window for text in ("0-1.5", "7"))
    assert span is not None
    assert day is not None
    assert (span.low, span.high) == (0.0, 1.5)
    assert day.low < 7.0 < day.high
    assert day.high - day.low < 0.5


def test_an_empty_check_asks_nothing() -> None:
    assert parse("") == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("table=outcmes", "outcmes"),
        ("table=outcomes;outcom=response", "outcom"),
        ("table=outcomes;response", "no pair"),
        ("table=outcomes;drug=", "no pair"),
        ("table=outcomes;drug=a;drug=b", "twice"),
        ("table=outcomes;day=soon", "soon"),
        ("table=outcomes;expect=mroe", "mroe"),
        ("table=pipeline;colour=red", "colour"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        parse(text)
    assert caught.value.code == "bad-check"
    assert caught.value.hint


def test_every_check_of_the_shipped_claims_can_be_read(shipped: Evidence) -> None:
    assert [parse(row["check"]) for row in shipped.rows("claims") if row["check"]]
