"""Rows become trials with names and lines; arms become comparisons without counting anybody twice."""

from __future__ import annotations

import pytest

from ketcli.errors import DataError, UsageError
from ketcli.owndata.table import OwnTable, Request, read_table
from ketcli.owndata.trials import Trial

ARMS = """study,arm,role,events,total,design,period,outcome
A,Low,active,3,10,parallel,,x
A,High,active,5,11,parallel,,x
A,Placebo,control,1,12,parallel,,x
B,Drug,active,7,20,crossover,first,x
B,Placebo,control,2,20,crossover,first,x
B,Drug,active,15,40,crossover,pooled,x
B,Placebo,control,5,40,crossover,pooled,x
C,Drug,active,4,9,parallel,,x
"""


def _read(text: str, **options: object) -> OwnTable:
    return read_table(text.encode(), "f.csv", Request(**options))  # type: ignore[arg-type]


def _counts(trial: Trial) -> tuple[float, ...]:
    return tuple(trial.numbers[r] for r in ("events", "total", "control_events", "control_total"))


def test_arms_of_a_study_are_put_together_against_its_control_and_counted_once() -> None:
    a, b, c = _read(ARMS).trials
    assert (_counts(a), a.arms) == ((8, 21, 1, 12), "Low + High v Placebo")
    assert (_counts(b), b.crossover) == ((7, 20, 2, 20), "first-period")
    assert (c.reason, c.numbers["events"]) == ("no control arm known (--control NAME)", 4)


def test_kept_apart_every_active_arm_meets_the_same_control() -> None:
    table = _read(ARMS, keep_arms=True)
    assert table.apart
    assert [(t.label, _counts(t)) for t in table.trials if not t.reason] == [
        ("A: Low", (3, 10, 1, 12)),
        ("A: High", (5, 11, 1, 12)),
        ("B", (7, 20, 2, 20)),
    ]


def test_choices_about_arms_and_periods_are_said() -> None:
    said = " ".join(_read(ARMS).notes)
    assert "lines 7, 8 left out" in said
    assert "A (2)" in said
    assert "active: Low, High, Drug; control: Placebo" in said


def test_pooled_periods_stay_with_a_caution_when_there_is_no_first_period() -> None:
    rows = [row for row in ARMS.splitlines() if ",first," not in row]
    table = _read("\n".join(rows))
    trial = next(t for t in table.trials if t.study == "B")
    assert (_counts(trial), trial.crossover) == ((15, 40, 5, 40), "pooled-periods")
    assert any("as if its arms were different people" in note for note in table.notes)


def test_controls_by_name_by_option_or_not_at_all() -> None:
    text = "study,arm,events,total\nA,Ket,3,9\nA,Midazolam,1,8\nB,Ket,4,9\nB,Midazolam,2,8\n"
    with pytest.raises(UsageError) as caught:
        _read(text)
    assert (caught.value.code, "Midazolam" in caught.value.hint) == ("no-control", True)
    assert _counts(_read(text, controls=("midazolam",)).trials[0]) == (3, 9, 1, 8)
    placebo = text.replace("Midazolam", "placebo (saline)")
    assert _counts(_read(placebo).trials[1]) == (4, 9, 2, 8)
    with pytest.raises(UsageError) as caught:
        _read(text, controls=("nobody",))
    assert "Midazolam" in caught.value.hint


def test_a_role_that_is_neither_active_nor_control_is_an_error_with_its_line() -> None:
    with pytest.raises(DataError) as caught:
        _read(ARMS.replace("A,High,active", "A,High,activ"))
    assert [(p.code, p.line) for p in caught.value.problems] == [("unknown-role", 3)]


def test_an_arm_on_two_rows_is_refused_unless_a_column_tells_them_apart() -> None:
    twice = "study,arm,role,events,total,outcome\n" + "".join(
        f"A,{arm},{role},{n},10,{outcome}\n"
        for outcome, n in (("response", 5), ("remission", 3))
        for arm, role in (("Drug", "active"), ("Placebo", "control"))
    )
    with pytest.raises(DataError) as caught:
        _read(twice)
    assert caught.value.code == "arm-twice"
    table = _read(twice, group="outcome")
    assert [_counts(trial) for trial in table.trials] == [(5, 10, 5, 10), (3, 10, 3, 10)]


def test_single_arms_are_the_active_ones_and_never_the_controls() -> None:
    table = _read(ARMS, kind="proportion")
    assert [(t.study, t.numbers["events"], t.numbers["total"]) for t in table.trials] == [
        ("A", 8, 21),
        ("B", 7, 20),
        ("C", 4, 9),
    ]
    both = _read(ARMS, kind="proportion", group="role")
    assert [(t.study, t.part, t.numbers["events"]) for t in both.trials][:2] == [
        ("A", "active", 8),
        ("A", "control", 1),
    ]


def test_means_of_arms_are_put_together_with_their_spread() -> None:
    text = "study,arm,role,mean,sd,n\nA,x,active,10,2,20\nA,y,active,14,3,30\nA,p,control,9,2,25\n"
    (trial,) = _read(text).trials
    assert trial.numbers["mean"] == pytest.approx(12.4)
    assert trial.numbers["total"] == 50
    squares = 19 * 4 + 29 * 9 + 20 * 2.4**2 + 30 * 1.6**2
    assert trial.numbers["sd"] == pytest.approx((squares / 49) ** 0.5)


def test_studies_that_are_only_numbered_are_shown_by_author_and_year() -> None:
    (trial,) = _read("study,author,year,events,total\n1,Alpha,1999,3,9\n").trials
    assert (trial.study, trial.label) == ("1", "Alpha 1999")
    (trial,) = _read("study,source,events,total\n1,Edinburgh,3,9\n").trials
    assert trial.label == "Edinburgh"
    (trial,) = _read("events,total\n3,9\n").trials
    assert trial.label == "line 2"


def test_totals_are_added_up_from_events_and_others() -> None:
    (trial,) = _read("study,ai,bi,ci,di\na,3,7,1,9\n").trials
    assert _counts(trial) == (3, 10, 1, 10)


def test_a_row_without_a_number_stays_with_the_reason() -> None:
    first, second = _read("study,events,total\na,3,9\nb,NA,9\n").trials
    assert (first.reason, second.reason) == ("", "no events")


@pytest.mark.parametrize(
    ("row", "code"),
    [
        *(("5,4,1,9", "events-over-total"), ("-1,9,1,9", "negative"), ("1,0,1,9", "no-people")),
        ("1,9,10,9", "events-over-total"),
    ],
)
def test_what_cannot_be_is_an_error_with_line_and_column(row: str, code: str) -> None:
    with pytest.raises(DataError) as caught:
        _read(f"study,ai,n1i,ci,n2i\nx,1,9,2,9\na,{row}\n")
    assert (caught.value.code, caught.value.problems[0].line) == (code, 3)


def test_every_impossible_row_is_told() -> None:
    with pytest.raises(DataError) as caught:
        _read("study,events,total\na,5,4\nb,1,9\nc,6,4\n")
    assert [p.line for p in caught.value.problems] == [2, 4]
    assert "line 4" in caught.value.hint


def test_rows_of_kets_own_tables_that_are_no_studies_are_left_out() -> None:
    table = _read("kind,study,events,total,pooled\nstudy,a,3,9,1\nstudy,b,4,9,0\npooled,,7,18,\n")
    assert [t.study for t in table.trials] == ["a"]
    assert any("2 rows left out" in note for note in table.notes)


def test_options_about_arms_need_arms() -> None:
    with pytest.raises(UsageError):
        _read("study,events,total\na,3,9\n", keep_arms=True)
    with pytest.raises(UsageError):
        _read("study,events,total\na,3,9\n", controls=("a",))
