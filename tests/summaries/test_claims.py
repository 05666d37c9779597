"""`ket claims`: what the article says, what the tables give now, and that neither can drift from the other."""

from __future__ import annotations

import csv
import io
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from ketcli.claims.answer import Answer, answer
from ketcli.claims.rule import Judgement, judge
from ketcli.claims.statement import Statement, of_row
from ketcli.errors import UsageError
from ketcli.evidence import catalog
from ketcli.evidence.load import Evidence
from ketcli.quantities.quantity import Quantity
from ketcli.report import Report
from ketcli.selection.filters import Filters
from ketcli.summaries.claims import claims
from ketcli.summaries.claims.card import card
from ketcli.summaries.compare import compare
from ketcli.summaries.pooling import Settings
from ketcli.summaries.rates import rates
from ketcli.summaries.side_effects import side_effects
from tests.command import ket, process
from tests.snapshot import assert_snapshot

Judged = dict[str, tuple[Statement, list[Answer], Judgement]]


def judged_in(evidence: Evidence) -> Judged:
    found: Judged = {}
    for row in evidence.rows("claims"):
        statement = of_row(row)
        answers = [answer(evidence, check, Settings()) for check in statement.checks]
        found[statement.claim_id] = (statement, answers, judge(statement, answers))
    return found


@pytest.fixture(scope="module")
def judged(shipped: Evidence) -> Judged:
    return judged_in(shipped)


@pytest.fixture(scope="module")
def whole(shipped: Evidence) -> Report:
    return claims(shipped, Settings())


def changed(tmp_path: Path, table: str, match: dict[str, str], **cells: str) -> Evidence:
    """Return the shipped data with one row of one table changed."""
    source = Evidence.open().location.path
    assert source is not None
    folder = tmp_path / "data"
    shutil.copytree(source, folder)
    file = folder / f"{table}.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    hits = [row for row in rows if all(row[name] == value for name, value in match.items())]
    assert len(hits) == 1
    hits[0].update(cells)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return Evidence(catalog.locate(str(folder), {}))


def numbers(line: Quantity) -> tuple[float | None, ...]:
    return (line.estimate, line.ci_low, line.ci_high)


def test_every_statement_is_shown_with_a_verdict_and_a_reason(shipped: Evidence, whole: Report) -> None:
    said = [row for row in whole.rows if row["kind"] == "claim"]
    assert [row["claim_id"] for row in shipped.rows("claims")] == [row["claim_id"] for row in said]
    assert all(row["verdict"] and row["why"] for row in said)


def test_the_rule_and_the_recorded_verdicts_agree(judged: Judged) -> None:
    differing = {i: (j.verdict, s.recorded) for i, (s, _, j) in judged.items() if j.verdict != s.recorded}
    assert differing == {}


def test_every_check_finds_rows_unless_their_absence_is_the_answer(judged: Judged) -> None:
    empty = {i for i, (_, answers, _) in judged.items() for found in answers if not found.lines}
    # c15: Zarate 2006 gave no course; c16: no such review in JAMA Psychiatry
    assert {"c15", "c16"} == empty


def test_thirty_percent_after_a_series_is_contradicted_by_the_trial_it_rests_on(judged: Judged) -> None:
    _, answers, judgement = judged["c15"]
    assert (judgement.verdict, judgement.rule) == ("contradicted", "study")
    (single,) = answers[0].elsewhere
    assert (single.events, single.total, single.time_days, single.regimen) == (5, 17, 1.0, "single-dose")
    assert "5/17 = 29 % (13–53), 24 h after one dose" in judgement.reason
    assert "never gave a repeated course" in judgement.reason


def test_the_pool_after_a_course_beside_it_is_that_of_rates(shipped: Evidence, judged: Judged) -> None:
    (beside,) = judged["c15"][1][1].lines
    wanted = Filters(
        drug=("ketamine",), route=("intravenous",), regimen=("repeated-course",), outcome=("remission",)
    )
    (line,) = [row for row in rates(shipped, wanted, Settings()).rows if row["kind"] == "pooled"]
    assert (line["rate"], line["ci_low"], line["ci_high"]) == numbers(beside)
    assert (line["k"], line["events"], line["total"]) == (beside.k, beside.events, beside.total)


def test_no_jama_psychiatry_meta_analysis_of_response_was_found(judged: Judged) -> None:
    _, answers, judgement = judged["c16"]
    assert (judgement.verdict, judgement.rule) == ("unsupported", "source")
    assert "Rhee 2022" in judgement.reason
    assert "Menon 2023" in judgement.reason
    assert {"depression-score"} == {q.outcome for line in answers[0].elsewhere for q in line.members}


@pytest.mark.parametrize(
    ("claim", "verdict", "sides"),
    [
        ("c22", "partly", {"singh-2023": "for", "nikayin-2022": "no difference"}),
        ("c24", "unsupported", {"ochs-ross-2020": "no difference", "ochs-ross-2021": "no difference"}),
        (
            "c25",
            "unsupported",
            {
                "daly-2021": "no difference",
                "salloum-2019": "no difference",
                "jha-2024": "no difference",
                "ionescu-2014": "against",
                "lucchese-2021": "against",
                "mcintyre-2021": "against",
                "heavy-drinking-ketamine-2025": "against",
                "guangzhou-anxious-2022": "no difference",
            },
        ),
        ("c26", "partly", {"lucchese-2021": "for", "esk-prior-ect-2025": "no difference"}),
    ],
)
def test_factors_have_their_numbers_for_and_against(
    judged: Judged, claim: str, verdict: str, sides: dict[str, str]
) -> None:
    _, answers, judgement = judged[claim]
    assert (verdict, "tally") == (judgement.verdict, judgement.rule)
    spoken = {line.study_ids[0]: line.side for line in answers[0].lines[1:]}
    assert sides == spoken


def test_age_within_transform_3_is_compared_and_not_read_off_its_levels(judged: Judged) -> None:
    line = next(q for q in judged["c24"][1][0].lines[1:] if q.study_ids == ("ochs-ross-2020",))
    # -4.9 (-8.96 to -0.89) minus -0.4 (-10.38 to 9.5)
    assert pytest.approx(-4.5) == line.estimate
    assert line.ci_low is not None
    assert line.ci_high is not None
    assert line.ci_low < 0.0 < line.ci_high


@pytest.mark.parametrize("claim", ["c27", "c28", "c29", "c30"])
def test_side_effects_are_the_pooled_lines_of_their_command(shipped: Evidence, judged: Judged, claim: str) -> None:
    _, answers, judgement = judged[claim]
    assert (judgement.verdict, judgement.rule) == ("supported", "direction")
    (line,) = answers[0].lines
    found = side_effects(shipped, Filters(drug=("esketamine",)), Settings(), event=line.outcome).rows
    (pooled,) = [
        r for r in found if r["kind"] == "pooled" and r["phase"] == "acute-course" and r["event"] == line.outcome
    ]
    assert (pooled["rd"], pooled["rd_low"], pooled["rd_high"], pooled["k"]) == (*numbers(line), line.k)


def test_against_other_treatments_the_counts_are_those_of_the_trials(shipped: Evidence, judged: Judged) -> None:
    lines = {q.study_ids[0]: q for q in judged["c36"][1][0].lines}
    counts = {i: (q.events, q.total, q.control_events, q.control_total) for i, q in lines.items()}
    assert counts["anand-2023"] == (108, 195, 70, 170)
    assert counts["ekstrand-2022"] == (44, 95, 57, 91)
    assert counts["reif-2023"] == (91, 336, 60, 340)
    found = compare(shipped, Filters(population=()), Settings(), "ketamine", "ect").rows
    (elekt,) = [r for r in found if r["study_id"] == "anand-2023" and r["outcome"] == "response" and r["rr"]]
    assert (elekt["rr"], elekt["rr_low"], elekt["rr_high"]) == numbers(lines["anand-2023"])


def test_a_changed_row_of_the_data_changes_the_computed_side(tmp_path: Path, judged: Judged) -> None:
    match = {"study_id": "zheng-2018", "outcome": "remission", "time_days": "13"}
    before = judged["c15"][1][1].lines[0]
    after = judged_in(changed(tmp_path, "outcomes", match, events="90", percent="92.8"))["c15"][1][1].lines[0]
    assert (before.events or 0) - 49 + 90 == after.events
    assert (after.estimate or 0.0) > (before.estimate or 1.0)


def test_a_changed_row_can_turn_a_verdict(tmp_path: Path) -> None:
    match = {"study_id": "ekstrand-2022", "outcome": "remission", "arm_id": "ket-iv"}
    evidence = changed(tmp_path, "outcomes", match, events="90", percent="94.7")
    _, answers, judgement = judged_in(evidence)["c36"]
    ketect = next(q for q in answers[0].lines if q.study_ids == ("ekstrand-2022",))
    assert ketect.excludes_null == 1
    assert judgement.verdict == "supported"


def test_counts_told_in_the_notes_stand_in_the_tables(shipped: Evidence) -> None:
    tables = ("outcomes", "side_effects", "factors", "conventional")
    found = [
        r for t in tables for r in shipped.rows(t) if r.get("events") is not None and r.get("total") is not None
    ]
    pairs = {(int(r["events"]), int(r["total"])) for r in found}
    # TRANSFORM-1: the notes add up the arms of 56 and 84 mg, 115 and 116 people
    sums = {(62, 231), (58, 231), (19, 231), (68, 231)}
    told = {
        (int(a), int(b))
        for row in shipped.rows("claims")
        for a, b in re.findall(r"(?<![\d.-])(\d+)/(\d+)(?![\d.])", row["evidence_note"])
    }
    assert set() == {pair for pair in told - sums - pairs if pair[1] > 2}


def test_lists_and_cards_give_the_same_verdict(shipped: Evidence, whole: Report) -> None:
    for row in whole.rows:
        if row["kind"] == "claim" and row["claim_id"] in ("c03", "c15", "c25"):
            (own,) = [r for r in card(shipped, str(row["claim_id"]), Settings()).rows if r["kind"] == "claim"]
            assert (row["verdict"], row["why"]) == (own["verdict"], own["why"])


def test_a_card_holds_the_studies_of_a_pool_and_everything_cited(shipped: Evidence) -> None:
    found = card(shipped, "c15", Settings())
    listed = {str(r["study_ids"]) for r in found.rows if r["kind"] != "claim"}
    assert {"zheng-2018", "shiroma-2014", "rasmussen-2013"} <= listed
    cited = {str(r["study_ids"]) for r in found.rows if r.get("part") == "cited"}
    row = next(r for r in shipped.rows("claims") if r["claim_id"] == "c15")
    assert set(row["evidence_ids"].split()) == cited
    assert found.sources
    assert {"Check", "Recorded", "Verdict"} <= {fact.label for fact in found.facts}


def test_filters_keep_what_they_name(shipped: Evidence) -> None:
    found = claims(shipped, Settings(), verdict=("contradicted",))
    assert {"c15"} == {row["claim_id"] for row in found.rows}
    found = claims(shipped, Settings(), section=("success",), search="jama")
    assert {"c16"} == {row["claim_id"] for row in found.rows}


def test_names_that_do_not_exist_are_refused_with_the_nearest(shipped: Evidence) -> None:
    wrong: list[dict[str, Any]] = [{"verdict": ("suported",)}, {"section": ("sucess",)}]
    for options in wrong:
        with pytest.raises(UsageError, match="unknown"):
            claims(shipped, Settings(), **options)
    with pytest.raises(UsageError, match="c99"):
        card(shipped, "c99", Settings())


def test_nothing_that_matches_is_an_empty_answer_and_no_error() -> None:
    done = ket("claims", "--search", "nothing like it", "--csv")
    assert (done.code, len(done.out.splitlines())) == (0, 1)
    assert "No statement matches." in done.err


def test_a_pipe_gets_csv_that_reads_back(whole: Report) -> None:
    done = process(shell="$KET claims | cat")
    table = list(csv.DictReader(io.StringIO(done.out)))
    assert [column.name for column in whole.columns] == list(table[0])
    assert len(whole.rows) == len(table)
    shown = [row for row in table if row["claim_id"] == "c14" and row["part"] == "tested"]
    assert [shown[0]["events"], shown[0]["total"]] == ["12", "17"]


SHOWN = {
    "claims-success-80.txt": ["--section", "success rates"],
    "claims-factors-80.txt": ["--section", "factors", "-q"],
    "claims-c15-80.txt": ["c15"],
}


def test_what_people_read() -> None:
    for name, arguments in SHOWN.items():
        shown = ket("claims", *arguments, "-f", "table", env={"NO_COLOR": "1"}).out
        assert max(map(len, shown.splitlines())) <= 80
        assert_snapshot(name, shown)
