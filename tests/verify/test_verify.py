"""`ket verify`: the shipped examples are those published, every printed number is met, and a wrong one is told."""

from __future__ import annotations

import csv
import math
from dataclasses import replace

import pytest

from ketcli.errors import UsageError
from ketcli.summaries import verify as summary
from ketcli.verify import examples
from ketcli.verify.analyses import MODELS, compute
from ketcli.verify.examples import HERE, TITLES, printed, studies
from tests.command import ket
from tests.reference import pinned
from tests.snapshot import assert_snapshot


def test_every_printed_number_is_met() -> None:
    report = summary.verify(every=True)
    assert len(report.rows) == len(printed()) > 250
    assert [row["quantity"] for row in report.rows if not row["agrees"]] == []
    assert not summary.failed(report)


def test_a_number_that_differs_in_its_last_digit_is_told_and_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = printed()
    wrong = [replace(number, value=number.value + 2 * 10.0**-number.decimals) for number in shipped[:1]]
    monkeypatch.setattr(summary, "printed", lambda: [*wrong, *shipped[1:4]])
    report = summary.verify()
    told = [row for row in report.rows if row["kind"] == "disagreement"]
    assert [(row["example"], row["quantity"]) for row in told] == [("bcg", "tau2")]
    assert summary.failed(report)
    result = ket("verify", "--csv")
    assert result.code == 1
    assert "disagreement,bcg" in result.out


def test_a_quantity_that_is_not_computed_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = printed()[0]
    monkeypatch.setattr(summary, "printed", lambda: [replace(shipped, quantity="nothing")])
    assert summary.failed(summary.verify())


def test_decimals_are_those_of_the_printed_text() -> None:
    with (HERE / "printed.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["printed"] for row in rows if len(row["printed"].partition(".")[2]) != int(row["decimals"])] == []


def test_every_number_has_its_origin_and_the_page_it_was_seen_on() -> None:
    for number in printed():
        assert number.origin
        assert number.source.startswith("https://")
        assert number.analysis.example in TITLES
        assert number.analysis.model in MODELS


@pytest.mark.parametrize(
    ("example", "dataset", "columns"),
    [
        ("bcg", "bcg", {"events": "tpos", "total": "n1i", "control_events": "cpos", "control_total": "n2i"}),
        ("hine-1989", "hine1989", {"events": "ai", "total": "n1i", "control_events": "ci", "control_total": "n2i"}),
        ("niel-weise-2007", "nielweise2007", {"events": "ai", "total": "n1i", "control_events": "ci"}),
        ("normand-1999", "normand1999", {"mean": "m1i", "control_sd": "sd2i", "control_n": "n2i"}),
        ("konstantopoulos-2011", "konstantopoulos2011", {"yi": "yi", "vi": "vi", "cluster": "district"}),
        ("hackshaw-1998", "hackshaw1998", {"yi": "yi", "vi": "vi"}),
    ],
)
def test_shipped_studies_are_those_that_r_was_given(example: str, dataset: str, columns: dict[str, str]) -> None:
    shipped, reference = studies()[example], pinned.dataset(dataset)
    for ours, theirs in columns.items():
        assert shipped.numbers(ours) == pytest.approx([float(value) for value in reference[theirs]], rel=1e-12)


def test_normand_s_common_effect_by_hand() -> None:
    data = studies()["normand-1999"]
    arms = [data.numbers(n) for n in ("mean", "sd", "n", "control_mean", "control_sd", "control_n")]
    weights, weighted = 0.0, 0.0
    for m1, s1, n1, m2, s2, n2 in zip(*arms, strict=True):
        variance = ((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / (n1 + n2 - 2) * (1 / n1 + 1 / n2)
        weights += 1 / variance
        weighted += (m1 - m2) / variance
    (first, *_) = [p.analysis for p in printed() if p.analysis.example == "normand-1999"]
    assert compute(first, data)["estimate"] == pytest.approx(weighted / weights)


def test_answers_follow_the_data() -> None:
    data, number = studies()["yusuf-1985"], next(p for p in printed() if p.analysis.example == "yusuf-1985")
    changed = replace(data, columns={**data.columns, "events": ("30", *data.columns["events"][1:])})
    before, after = (compute(number.analysis, d)["natural estimate"] for d in (data, changed))
    assert after > before
    assert math.isfinite(after)


def test_one_example_lists_its_numbers_and_an_unknown_one_names_the_nearest() -> None:
    rows = summary.verify("fleiss-1993").rows
    assert {row["kind"] for row in rows} == {"check"}
    assert all("R metafor" in str(row["origin"]) for row in rows)
    with pytest.raises(UsageError) as caught:
        summary.verify("fleis-1993")
    assert "fleiss-1993" in caught.value.hint


def test_overview_counts_what_the_list_holds() -> None:
    overview = summary.verify().rows
    assert sum(int(str(row["numbers"])) for row in overview) == len(printed())
    assert [row["example"] for row in overview] == list(dict.fromkeys(p.analysis.example for p in printed()))
    assert set(studies()) == set(examples.TITLES)


@pytest.mark.parametrize(("name", "arguments"), [("verify", ()), ("verify-bcg", ("bcg",))])
def test_tables_read_well_at_80_columns(name: str, arguments: tuple[str, ...]) -> None:
    result = ket("verify", *arguments, "-f", "table", env={"COLUMNS": "80"})
    assert result.code == 0
    assert all(len(line) <= 80 for line in result.out.splitlines())
    assert_snapshot(f"{name}-80.txt", result.out)
