"""Entering a study: checked answer by answer and as a whole, put in safely, nothing lost when two write at once."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from ketcli.entry import store
from ketcli.entry.document import read_document
from ketcli.entry.prompting import Interview
from ketcli.entry.questions import AnswerError, check_answer, questions
from ketcli.entry.rows import identifier
from ketcli.errors import DataError, InputError
from ketcli.evidence.check import Inspection, check_folder
from tests.command import Result, environment, ket

OAK = {
    "--study": "Öak 2019 (Ulm)",
    "--year": "2019",
    "--design": "rct-parallel",
    "--population": "trd-mdd",
    "--source-url": "https://example.org/oak",
    "--source-kind": "primary-fulltext",
    "--drug": "Ketamine",
    "--route": "iv",
    "--dose": "0,5",
    "--dose-unit": "mg/kg",
    "--regimen": "single-dose",
    "--control": "midazolam",
    "--outcome": "response",
    "--scale": "MADRS",
    "--time": "24h",
    "--analysis-set": "ITT",
    "--events": "12",
    "--total": "20",
    "--control-events": "4",
    "--control-total": "21",
}


def add(*arguments: str) -> Result:
    """Run the command with nobody at the keyboard."""
    return ket("data", "add", *arguments, stdin=b"")


def options(**changes: str | None) -> list[str]:
    """The options of a whole entry, with some changed or (None) left out."""
    given = OAK | {"--" + name.replace("_", "-"): value for name, value in changes.items()}
    return [word for name, value in given.items() if value is not None for word in (name, value)]


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """An empty starter folder."""
    folder = tmp_path / "mine"
    ket("data", "new", str(folder), "--bare")
    return folder


def test_study_goes_into_its_tables(mine: Path) -> None:
    """One entry makes a study, two arms and two outcomes, in the codes and units of the tables."""
    result = add(str(mine), *options(), "--csv")
    assert result.code == 0, result.err
    (study,) = table(mine, "studies")
    assert (study["study_id"], study["label"], study["cohort_id"]) == (
        "oak-2019-ulm",
        "Öak 2019 (Ulm)",
        "oak-2019-ulm",
    )
    arms = [(a["arm_id"], a["role"], a["route"], a["dose"], a["regimen"], a["n"]) for a in table(mine, "arms")]
    assert arms == [
        ("ketamine-0-5", "active", "intravenous", "0.5", "single-dose", "20"),
        ("midazolam", "control", "intravenous", "", "not-applicable", "21"),
    ]
    rows = [(o["arm_id"], o["events"], o["total"], o["time_days"], o["pool_rank"]) for o in table(mine, "outcomes")]
    assert rows == [("ketamine-0-5", "12", "20", "1", "1"), ("midazolam", "4", "21", "1", "1")]
    assert check_folder(mine) == []
    assert [row["file"] for row in csv.DictReader(io.StringIO(result.out))] == [
        "studies.csv",
        *["arms.csv"] * 2,
        *["outcomes.csv"] * 2,
    ]


def test_description_follows_the_tables(mine: Path) -> None:
    """Sizes and hashes in datapackage.json are those of the changed files, also after examples were dropped."""
    add(str(mine), *options())
    for resource in json.loads((mine / "datapackage.json").read_text(encoding="utf-8"))["resources"]:
        content = (mine / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_second_result_joins_the_study_and_its_arms(mine: Path) -> None:
    """A study that is there, by name or identifier, gains a result; nothing about it is asked or stored again."""
    add(str(mine), *options())
    again = options(study="oak-2019-ulm", outcome="remission", year=None, design=None, population=None)
    assert add(str(mine), *again).code == 0
    assert (len(table(mine, "studies")), len(table(mine, "arms")), len(table(mine, "outcomes"))) == (1, 2, 4)
    assert check_folder(mine) == []


def test_other_scale_of_one_time_is_ranked_next(mine: Path) -> None:
    """Two scales of one arm, outcome and time: the second is the second choice."""
    add(str(mine), *options())
    assert add(str(mine), *options(scale="QIDS-SR16")).code == 0
    ranks = [(o["scale"], o["pool_rank"]) for o in table(mine, "outcomes") if o["arm_id"] == "midazolam"]
    assert ranks == [("MADRS", "1"), ("QIDS-SR16", "2")]


def test_rows_stand_in_order_and_other_lines_as_they_were(mine: Path) -> None:
    """A new study goes where its identifier belongs; every other line keeps its bytes."""
    for name in ("Pine 2020", "Ash 2010", "Elm 2015"):
        assert add(str(mine), *options(study=name)).code == 0
    assert [s["study_id"] for s in table(mine, "studies")] == ["ash-2010", "elm-2015", "pine-2020"]
    before = (mine / "outcomes.csv").read_bytes().splitlines()
    add(str(mine), *options(study="Fir 2018"))
    after = (mine / "outcomes.csv").read_bytes().splitlines()
    assert [line for line in after if not line.startswith(b"fir-2018")] == before
    assert check_folder(mine) == []


def test_examples_are_dropped_on_request(tmp_path: Path) -> None:
    """--drop-examples removes the made-up studies from every table and leaves a valid package."""
    folder = tmp_path / "mine"
    ket("data", "new", str(folder))
    assert add(str(folder), *options(), "--drop-examples").code == 0
    assert all(b"example-" not in path.read_bytes() for path in folder.glob("*.csv"))
    assert check_folder(folder) == []
    test_description_follows_the_tables(folder)


def test_examples_that_are_gone_are_dropped_again(mine: Path) -> None:
    """--drop-examples in a folder without examples, and with empty tables, has nothing to do."""
    for name in ("Ash 2010", "Elm 2015"):
        result = add(str(mine), *options(study=name), "--drop-examples")
        assert result.code == 0, result.err
    assert [s["study_id"] for s in table(mine, "studies")] == ["ash-2010", "elm-2015"]


def test_backup_keeps_what_was_there(mine: Path) -> None:
    """With --backup every changed file has a copy of its earlier bytes, and no other file has one."""
    before = contents(mine)
    add(str(mine), *options(), "--backup")
    after = contents(mine)
    copies = {name.removesuffix(".bak"): data for name, data in after.items() if name.endswith(".bak")}
    assert set(copies) == {"studies.csv", "arms.csv", "outcomes.csv", "datapackage.json"}
    assert all(before[name] == data for name, data in copies.items())


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        ({"events": "21"}, "bad-answer", 2),
        ({"control_events": "22"}, "bad-answer", 2),
        ({"events": "9.5"}, "bad-answer", 2),
        ({"events": "-1"}, "bad-answer", 2),
        ({"total": "0"}, "bad-answer", 2),
        ({"drug": "aspirin"}, "bad-answer", 2),
        ({"year": "MMXX"}, "bad-answer", 2),
        ({"source_url": "example"}, "bad-answer", 2),
        ({"study": "=cmd()"}, "bad-answer", 2),
        ({"study": "a\x1b[31m"}, "bad-answer", 2),
        ({"study": "---"}, "bad-answer", 2),
        ({"study": ""}, "bad-answer", 2),
        ({"scale": "MADRS\u202e"}, "bad-answer", 2),
        ({"dose": "1,234"}, "bad-answer", 2),
        ({"time": "soon"}, "bad-answer", 2),
        ({"population": None}, "missing-answers", 2),
        ({"control_total": None}, "missing-answers", 2),
        ({"dose_unit": None}, "missing-answers", 2),
        ({"design": "rct-crossover"}, "missing-answers", 2),
        ({"regimen": "not-applicable"}, "regimen-mismatch", 1),
    ],
)
def test_wrong_answers_change_nothing(change: dict[str, str | None], code: str, status: int, mine: Path) -> None:
    """Every answer that breaks a rule is refused by its option, and no byte of the folder changes."""
    before = contents(mine)
    result = add(str(mine), *options(**change))
    assert (result.code, result.out) == (status, "")
    assert f"[{code}]" in result.err
    assert "hint: " in result.err
    assert contents(mine) == before


def test_same_result_twice_is_refused(mine: Path) -> None:
    """The same people may not be entered twice; the refusal says what is there."""
    add(str(mine), *options())
    before = contents(mine)
    result = add(str(mine), *options(events="13"))
    assert (result.code, contents(mine)) == (2, before)
    assert "response MADRS at day 1 of this arm is there already (12/20, not 13/20)" in result.err


def test_control_of_two_arms_counts_once(mine: Path) -> None:
    """A second dose against the same control adds its own arm and result; the control stands there once."""
    add(str(mine), *options())
    result = add(str(mine), *options(dose="1", events="15", total="22"))
    assert result.code == 0, result.err
    assert [(a["arm_id"]) for a in table(mine, "arms")] == ["ketamine-0-5", "midazolam", "ketamine-1"]
    assert [(o["arm_id"], o["events"]) for o in table(mine, "outcomes")] == [
        ("ketamine-0-5", "12"),
        ("midazolam", "4"),
        ("ketamine-1", "15"),
    ]
    before = contents(mine)
    other = add(str(mine), *options(dose="2", control_events="5"))
    assert (other.code, contents(mine)) == (2, before)
    assert "of the control is there already (4/21, not 5/21)" in other.err


def test_control_of_two_arms_counts_once_in_a_file(tmp_path: Path) -> None:
    """The same in a file of one row per arm."""
    file = tmp_path / "trials.csv"
    add(str(file), *FLAT_OPTIONS)
    second = [word if word != "0,5" else "1" for word in FLAT_OPTIONS]
    assert add(str(file), *second).code == 0
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert [(r["drug"], r["dose"]) for r in rows] == [("ketamine", "0.5"), ("midazolam", ""), ("ketamine", "1")]


def test_control_without_counts_is_an_arm(mine: Path) -> None:
    """A control whose counts are not reported is kept as an arm without a result."""
    assert add(str(mine), *options(control_events=None, control_total=None)).code == 0
    assert [a["arm_id"] for a in table(mine, "arms")] == ["ketamine-0-5", "midazolam"]
    assert [o["arm_id"] for o in table(mine, "outcomes")] == ["ketamine-0-5"]
    assert check_folder(mine) == []


def test_study_of_one_arm(mine: Path) -> None:
    """A cohort has one arm and one result."""
    given = options(design="cohort", control=None, control_events=None, control_total=None)
    assert add(str(mine), *given).code == 0
    assert [a["arm_id"] for a in table(mine, "arms")] == ["ketamine-0-5"]
    assert check_folder(mine) == []


def test_crossover_says_its_periods(mine: Path) -> None:
    """A crossover keeps which periods were counted in each of its results."""
    assert add(str(mine), *options(design="rct-crossover", crossover="first-period")).code == 0
    assert [o["crossover_data"] for o in table(mine, "outcomes")] == ["first-period"] * 2
    assert check_folder(mine) == []


def test_earlier_faults_do_not_stand_in_the_way(mine: Path) -> None:
    """A folder that has a fault already can still grow; only new faults are refused."""
    add(str(mine), *options(study="Ash 2010"))
    file = mine / "outcomes.csv"
    file.write_bytes(file.read_bytes().replace(b",12,20,", b",22,20,"))
    assert ket("check", str(mine)).code == 1
    assert add(str(mine), *options(study="Elm 2015")).code == 0


def test_deleted_tables_are_made_again(mine: Path) -> None:
    """Tables that are not needed may be deleted; one that is needed again comes back."""
    for name in ("arms.csv", "outcomes.csv", "scores.csv"):
        (mine / name).unlink()
    (mine / "datapackage.json").unlink()
    assert add(str(mine), *options()).code == 0
    assert (mine / "arms.csv").exists()
    assert not (mine / "scores.csv").exists()
    assert check_folder(mine) == []


def test_table_of_a_folder_is_not_a_file_of_trials(mine: Path) -> None:
    """Whoever names a table means its folder, and is told so."""
    result = add(str(mine / "outcomes.csv"), *options())
    assert (result.code, result.out) == (1, "")
    assert "[not-a-table]" in result.err
    assert f"hint: ket data add {mine}" in result.err


def test_places_that_cannot_take_a_study(tmp_path: Path) -> None:
    """No folder, a folder without tables, a workbook: one clear error each, with what to do."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "book.xlsx").write_bytes(b"x")
    for target, code in (("no", "no-file"), ("empty", "no-tables"), ("book.xlsx", "not-a-table")):
        result = add(str(tmp_path / target), *options())
        assert (result.code, result.out) == (1, "")
        assert f"[{code}]" in result.err


# a single file of trials

FLAT = {k: v for k, v in OAK.items() if k not in ("--source-kind", "--dose-unit", "--source-url", "--population")}
FLAT_OPTIONS = [word for pair in FLAT.items() for word in pair]


def test_new_file_of_trials_is_made(tmp_path: Path) -> None:
    """A CSV that does not exist yet gets the documented header and the rows of both arms."""
    file = tmp_path / "trials.csv"
    assert add(str(file), *FLAT_OPTIONS).code == 0
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert [(r["study"], r["drug"], r["role"], r["events"], r["total"]) for r in rows] == [
        ("Öak 2019 (Ulm)", "ketamine", "active", "12", "20"),
        ("Öak 2019 (Ulm)", "midazolam", "control", "4", "21"),
    ]
    assert ket("rates", "--data", str(file), "--csv").out.count("Öak 2019 (Ulm)") > 0


def test_file_keeps_its_own_ways(tmp_path: Path) -> None:
    """Names, delimiter, decimal comma, unit of time, encoding, line ends and other lines stay the owner's."""
    file = tmp_path / "mine.csv"
    old = "Trial;Treatment;Endpoint;Week;Responders;N;Dosis\r\nMüller;Ketamine;response;1;3;9;0,5\r\n"
    file.write_bytes(old.replace("Dosis", "dose").encode("cp1252"))
    given = ["--study", "Öak", "--drug", "ketamine", "--outcome", "response", "--time", "28d", "--events", "9"]
    assert add(str(file), *given, "--total", "18", "--dose", "0.5").code == 0
    expected = old.replace("Dosis", "dose") + "Öak;ketamine;response;4;9;18;0,5\r\n"
    assert file.read_bytes().decode("cp1252") == expected


def test_control_goes_into_the_columns_for_it(tmp_path: Path) -> None:
    """A file with one row per trial stays one with one row per trial."""
    file = tmp_path / "mine.csv"
    file.write_text(
        "study,drug,control,outcome,day,events,n,control events,control n\nA,ketamine,ect,response,1,1,2,1,2\n"
    )
    given = ["--study", "B", "--drug", "ketamine", "--control", "midazolam", "--outcome", "response", "--time", "1"]
    counts = ["--events", "9", "--total", "18", "--control-events", "3", "--control-total", "17"]
    assert add(str(file), *given, *counts).code == 0
    assert file.read_text().splitlines()[2] == "B,ketamine,midazolam,response,1,9,18,3,17"


def test_value_without_a_column_is_not_dropped(tmp_path: Path) -> None:
    """A file that has no place for the scale refuses it instead of losing it."""
    file = tmp_path / "mine.csv"
    file.write_text("study,drug,outcome,day,events,n\n")
    given = ["--study", "B", "--drug", "ketamine", "--outcome", "response", "--events", "9", "--total", "18"]
    result = add(str(file), *given, "--scale", "MADRS")
    assert (result.code, result.out) == (1, "")
    assert "[no-column]" in result.err
    assert file.read_text() == "study,drug,outcome,day,events,n\n"
    assert add(str(file), *given).code == 0


def test_options_of_tables_alone_are_refused_for_files(tmp_path: Path) -> None:
    """What a file of trials has no column for in any case is a usage error."""
    result = add(str(tmp_path / "t.csv"), *FLAT_OPTIONS, "--definition", "x")
    assert result.code == 2
    assert "[option-without-effect]" in result.err


def test_encoding_that_cannot_carry_the_name(tmp_path: Path) -> None:
    """An old encoding is not silently given a question mark for a letter it lacks."""
    document = read_document("study;n\r\nMüller;1\r\n".encode("cp1252"), "t.csv")
    with pytest.raises(InputError) as caught:
        document.insert([{"study": "Łódź", "n": "1"}]).encoded()
    assert caught.value.code == "encoding"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"])
def test_every_other_byte_stays(encoding: str, tmp_path: Path) -> None:
    """A mark of the byte order, its order, mixed line ends, blank lines and quotes come back as they were."""
    mark = "\ufeff" if encoding.startswith("utf-16") else ""
    old = 'study,drug,outcome,day,events,n,notes\r\nZ,ketamine,response,1,3,9,"a ""b"", c"\n\n'
    old += "A,ketamine,response,1,3,9,\r\n"
    file = tmp_path / "mine.csv"
    file.write_bytes((mark + old).encode(encoding))
    file.chmod(0o640)
    given = ["--study", "Öak", "--drug", "ketamine", "--outcome", "response", "--time", "7d", "--events", "9"]
    assert add(str(file), *given, "--total", "18").code == 0
    assert file.read_bytes() == (mark + old + "Öak,ketamine,response,7,9,18,\r\n").encode(encoding)
    assert file.stat().st_mode & 0o777 == 0o640


def test_link_stays_a_link(tmp_path: Path) -> None:
    """The file that a link leads to grows; the link stays."""
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "trials.csv", tmp_path / "trials.csv"
    real.write_text("study,drug,outcome,day,events,n\n")
    link.symlink_to(real)
    given = ["--study", "B", "--drug", "ketamine", "--outcome", "response", "--events", "9", "--total", "18"]
    assert add(str(link), *given).code == 0
    assert link.is_symlink()
    assert real.read_text().splitlines()[1] == "B,ketamine,response,,9,18"
    assert [path.name for path in real.parent.iterdir()] == ["trials.csv"]


def test_file_without_a_last_line_end(tmp_path: Path) -> None:
    """The new row begins on a line of its own."""
    document = read_document(b"study,n\nA,1", "t.csv").insert([{"study": "B", "n": "2"}])
    assert document.encoded() == b"study,n\nA,1\nB,2\n"


# at a terminal


def hold_interview(
    typed: str, given: dict[str, str] | None = None, usual: dict[str, str] | None = None
) -> tuple[Interview, list[str], list[str], list[str]]:
    """An interview whose answers are the lines between bars: with what was said, asked, and not yet read."""
    lines = typed.split("|")
    said: list[str] = []
    prompts: list[str] = []

    def ask(prompt: str, _words: Sequence[str]) -> str:
        prompts.append(prompt)
        return lines.pop(0)

    talk = Interview(questions(flat=False), ask, said.append, given=given or {}, usual=usual or {})
    return talk, said, prompts, lines


WHOLE = "Oak 2019|2019|rct-parallel|trd-mdd||registry|ketamine|iv||single-dose|||response|MADRS||24h|itt"


def test_questions_are_put_until_the_answers_hold() -> None:
    """Wrong answers are asked for again, ? lists the codes, counts that cannot be are asked for together."""
    talk, said, prompts, left = hold_interview(
        "|Oak 2019|x|2019|?|rct|rct-parallel|trd-mdd||registry|ketamine|iv||single-dose|||response|MADRS||24h|"
        "it|itt|30|20|12|20||y"
    )
    talk.run()
    assert talk.confirmed()
    assert left == []
    answers = talk.answers
    assert (answers["study"], answers["year"], answers["design"]) == ("Oak 2019", "2019", "rct-parallel")
    assert (answers["route"], answers["time"], answers["events"], answers["total"]) == (
        "intravenous",
        "1",
        "12",
        "20",
    )
    assert "control_events" not in answers
    assert any("rct-parallel: randomised" in line for line in said)
    assert any("events (30) is larger than total (20)" in line for line in said)
    assert any("'rct' fits rct-parallel, rct-crossover, rct-withdrawal" in line for line in said)
    assert prompts[0] == "Study, as people know it (Oak 2019): "


def test_choices_are_shown_and_taken_by_number_or_beginning() -> None:
    """Every code is on the screen before its question; its number or the beginning of its name is enough."""
    talk, said, _, _ = hold_interview("A|2019|2|8|https://example.org/a|3|esk|||rep|28|new|plac|resp")
    with pytest.raises(IndexError):
        talk.run()
    assert any("1\N{NO-BREAK SPACE}rct-parallel  2\N{NO-BREAK SPACE}rct-crossover" in line for line in said)
    names = ("design", "population", "source_kind", "drug", "regimen", "background", "control", "outcome")
    assert [talk.answers[name] for name in names] == [
        *("rct-crossover", "other", "primary-fulltext", "esketamine", "repeated", "new-oral-ad", "placebo"),
        "response",
    ]


def test_enter_takes_what_stands_in_brackets() -> None:
    """What goes without saying with the drug, or was said before, is a default; - leaves it empty all the same."""
    talk, _, prompts, _ = hold_interview("A||1|1||3|ketamine||0.5||1|-|", usual={"background": "add-on"})
    with pytest.raises(IndexError):
        talk.run()
    assert "Route [intravenous]: " in prompts
    assert "Unit of the dose [mg/kg]: " in prompts
    assert "Other antidepressant treatment [add-on]: " in prompts
    assert (talk.answers["route"], talk.answers["dose_unit"], talk.answers["background"]) == (
        "intravenous",
        "mg/kg",
        "",
    )


@pytest.mark.parametrize(
    ("typed", "events", "total", "derived"),
    [
        ("12|20", "12", "20", ""),
        ("12/20|", "12", "20", ""),
        ("12 of 20|", "12", "20", ""),
        ("60 %|20", "12", "20", "1"),
    ],
)
def test_counts_as_papers_print_them(typed: str, events: str, total: str, derived: str) -> None:
    """12/20 answers both questions; of a percent the count is worked out, and marked so."""
    talk, said, _, _ = hold_interview(f"{WHOLE}|{typed}|")
    talk.run()
    assert (talk.answers["events"], talk.answers["total"]) == (events, total)
    assert talk.answers.get("events_derived", "") == derived
    assert any("60 % of 20 people are 12" in line for line in said) == bool(derived)


def test_times_are_shown_in_words() -> None:
    """40min is stored as days, and shown as it was said, also when it is proposed again."""
    talk, said, prompts, _ = hold_interview(
        f"{WHOLE.rpartition('|24h')[0]}||itt|12/20||y", usual={"time": "0.0277777777778"}
    )
    talk.run()
    assert talk.confirmed()
    assert "Time since the first dose (24h, 7d, 4w) [40 min]: " in prompts
    assert any(line.endswith("40 min") for line in said)
    assert talk.answers["time"] == "0.0277777777778"


def test_percent_without_a_column_to_mark_it() -> None:
    """A file of trials has no place for the mark, so none is promised."""
    said: list[str] = []
    lines = ["60%", "20"]
    given = {question.name: "" for question in questions(flat=True) if question.name not in ("events", "total")}
    talk = Interview(questions(flat=True), lambda _prompt, _words: lines.pop(0), said.append, given=given)
    talk.run()
    assert talk.answers == given | {"events": "12", "total": "20"}
    assert said[-1] == "  60 % of 20 people are 12"


def test_one_question_back() -> None:
    """< takes back the answer before, at the first question there is none."""
    talk, said, prompts, _ = hold_interview("<|A|2091|<|2019|1")
    with pytest.raises(IndexError):
        talk.run()
    assert any("this is the first question" in line for line in said)
    assert talk.answers == {"study": "A", "year": "2019", "design": "rct-parallel"}
    assert [prompt.split(" ")[0] for prompt in prompts[1:5]] == ["Study,", "Year", "Design:", "Year"]


def test_nothing_counts_before_it_is_confirmed() -> None:
    """All answers are shown, numbered; any can be changed, and what then is to be asked is asked."""
    talk, said, _, left = hold_interview(f"{WHOLE}|12/20||maybe|12|midazolam|4/21|18|13/20|y|y")
    talk.run()
    assert talk.confirmed()
    assert left == []
    assert any(line.strip().startswith("3 Design") and line.endswith("rct-parallel") for line in said)
    assert any(line.startswith("  Left empty: ") for line in said)
    wanted = ("control", "control_events", "control_total", "events", "total", "events_derived", "outcome")
    assert [talk.answers[name] for name in wanted] == ["midazolam", "4", "21", "13", "20", "1", "response"]
    thrown, _, _, _ = hold_interview("n", given=talk.answers)
    thrown.run()
    assert not thrown.confirmed()


@pytest.mark.parametrize("name", [question.name for question in questions(flat=False)])
def test_every_question_has_an_option(name: str) -> None:
    """Whatever is asked at a terminal can be given by an option."""
    assert f"--{name.replace('_', '-')}" in ket("data", "add", "--help", env={"COLUMNS": "200"}).out


def test_time_without_unit_is_days() -> None:
    """The column is in days: 28 is 28 days, 24h is one."""
    (time,) = (question for question in questions(flat=False) if question.name == "time")
    assert [check_answer(time, text) for text in ("28", "24h", "4 weeks", "0,5")] == ["28", "1", "28", "0.5"]
    with pytest.raises(AnswerError):
        check_answer(time, "1 month")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Müller 2001 (Ulm)", "muller-2001-ulm"), ("KADS", "kads"), ("研究", "study"), ("A/B  C", "a-b-c")],
)
def test_names_become_identifiers(name: str, expected: str) -> None:
    """Identifiers are plain letters, digits and hyphens."""
    assert identifier(name) == expected


class Keyboard:
    """A person at a real terminal of 80 columns: types, reads, hangs up."""

    def __init__(self, *arguments: str) -> None:
        import pty

        self.child, self.terminal = pty.fork()
        if self.child == 0:
            command = [sys.executable, "-m", "ketcli", "data", "add", *arguments]
            os.execve(sys.executable, command, environment())
        self.shown, self.seen = "", 0

    def see(self, words: str) -> None:
        """Wait until words are on the screen after what was seen before."""
        while (found := self.shown.find(words, self.seen)) < 0:
            self.shown += self._more().decode("utf-8", "replace")
        self.seen = found + len(words)

    def _more(self) -> bytes:
        import select

        assert select.select([self.terminal], [], [], 20)[0], self.shown
        return os.read(self.terminal, 4096)

    def type(self, text: str) -> None:
        """Type text as it is; a line ends with a carriage return."""
        os.write(self.terminal, text.encode())

    def press(self, key: str) -> None:
        """Press a key of its own, once the program waits for one."""
        time.sleep(0.3)
        self.type(key)

    def leave(self) -> int:
        """Read the rest and return the exit code."""
        with suppress(OSError):  # a terminal whose other end has gone
            while rest := self._more():
                self.shown += rest.decode("utf-8", "replace")
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])


needs_terminal = pytest.mark.skipif(not hasattr(os, "openpty"), reason="no terminals on this system")
STUDY_ASKED, YEAR_ASKED = "Study, as people know it", "Year of publication"


@needs_terminal
@pytest.mark.parametrize(("key", "code"), [("\x03", 130), ("\x04", 1)], ids=["ctrl-c", "ctrl-d"])
def test_broken_off_at_a_terminal_changes_nothing(key: str, code: int, mine: Path) -> None:
    """Ctrl-C and Ctrl-D leave every byte, and the answers so far come back as a command that goes on."""
    before = contents(mine)
    keyboard = Keyboard(str(mine))
    keyboard.see(STUDY_ASKED)
    keyboard.type("Öak 2019\r")
    keyboard.see(YEAR_ASKED)
    keyboard.type("2019\r")
    keyboard.see("Design: ")
    keyboard.press(key)
    assert keyboard.leave() == code
    assert f"ket data add {mine} --study 'Öak 2019' --year 2019" in keyboard.shown.replace("\r\n", "")
    assert contents(mine) == before


@needs_terminal
def test_pasted_lines_are_one_answer(mine: Path) -> None:
    """A paste of several lines does not run on into the questions that follow."""
    pytest.importorskip("readline")
    keyboard = Keyboard(str(mine))
    keyboard.see(STUDY_ASKED)
    keyboard.type("\x1b[200~Oak 2019\nUlm\x1b[201~\r")
    keyboard.see(YEAR_ASKED)
    keyboard.type("2019\r")
    keyboard.see("Design: ")
    keyboard.press("\x03")
    assert keyboard.leave() == 130
    assert "--study 'Oak 2019 Ulm' --year 2019" in keyboard.shown


@needs_terminal
def test_whole_entry_at_a_terminal(mine: Path) -> None:
    """Asked, shown, confirmed and written; then one more outcome of the same arms, proposed from the first."""
    given = [*options(events=None, total=None), "--background", "add-on", "--definition", "half"]
    keyboard = Keyboard(str(mine), *given, "--format", "table")
    keyboard.see("People with the outcome")
    keyboard.type("12/20\r")
    keyboard.see("worked out")
    keyboard.type("\r")
    keyboard.see("Write this?")
    keyboard.type("y\r")
    keyboard.see("Another outcome")
    keyboard.type("y\r")
    for _ in range(9):  # page, its kind, drug, route, dose, unit, course, other treatment, control
        keyboard.see("]: ")
        keyboard.type("\r")
    keyboard.see("Outcome [response]: ")
    keyboard.type("2\r")
    for _ in range(4):  # scale, criterion, time, set
        keyboard.see("]: ")
        keyboard.type("\r")
    keyboard.see("People with the outcome")
    keyboard.type("8/20\r")
    keyboard.see("control arm")
    keyboard.type("2/21\r")
    keyboard.see("worked out")
    keyboard.type("\r")
    keyboard.see("Write this?")
    keyboard.type("y\r")
    keyboard.see("Another outcome")
    keyboard.type("\r")
    assert keyboard.leave() == 0
    assert [(o["arm_id"], o["outcome"], o["events"]) for o in table(mine, "outcomes")] == [
        ("ketamine-0-5", "response", "12"),
        ("midazolam", "response", "4"),
        ("ketamine-0-5", "remission", "8"),
        ("midazolam", "remission", "2"),
    ]
    assert check_folder(mine) == []
    bare = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", keyboard.shown).replace("\r", "")
    assert max(map(len, bare.splitlines())) <= 80


@needs_terminal
def test_what_cannot_be_written_can_be_mended(mine: Path) -> None:
    """A result that is there already is said, and one answer changed instead of all typed again."""
    add(str(mine), *options(), "--background", "add-on")
    keyboard = Keyboard(str(mine), *options(total=None), "--background", "add-on", "--definition", "half")
    keyboard.see("counted among")
    keyboard.type("20\r")
    keyboard.see("worked out")
    keyboard.type("\r")
    keyboard.see("Write this?")
    keyboard.type("y\r")
    keyboard.see("is there already")
    keyboard.see("Write this?")
    keyboard.type("17\r")
    keyboard.see("Time since")
    keyboard.type("7d\r")
    keyboard.see("Write this?")
    keyboard.type("y\r")
    keyboard.see("Another outcome")
    keyboard.type("n\r")
    assert keyboard.leave() == 0
    assert [o["time_days"] for o in table(mine, "outcomes")] == ["1", "1", "7", "7"]


def test_two_at_once_lose_nothing(mine: Path) -> None:
    """Six processes add a study each at the same time: all six are there, the folder is valid."""
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "ketcli", "data", "add", str(mine), *options(study=f"Study {letter} 2020")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        for letter in "ABCDEF"
    ]
    errors = [run.communicate(timeout=120)[1] for run in runs]
    assert [run.returncode for run in runs] == [0] * 6, errors
    assert [s["study_id"] for s in table(mine, "studies")] == [f"study-{letter}-2020" for letter in "abcdef"]
    assert len(table(mine, "outcomes")) == 12
    assert check_folder(mine) == []
    assert not [name for name in contents(mine) if name.endswith(".part")]


def test_interrupted_between_two_files_leaves_sound_tables(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Studies are renamed before their arms and outcomes: a stop in between refers to nothing that is missing."""
    real = Path.replace
    renamed: list[str] = []

    def stop(self: Path, target: Path) -> Path:
        if len(renamed) == 1:
            raise KeyboardInterrupt
        renamed.append(Path(target).name)
        return real(self, target)

    monkeypatch.setattr(Path, "replace", stop)
    answers = {name.removeprefix("--").replace("-", "_"): value for name, value in OAK.items()}
    asked = {question.name: question for question in questions(flat=False)}
    checked = {name: check_answer(asked[name], value) for name, value in answers.items()}
    with pytest.raises(KeyboardInterrupt):
        store.add(mine, checked)
    monkeypatch.undo()
    assert renamed == ["studies.csv"]
    assert check_folder(mine) == []
    assert not [name for name in contents(mine) if name.endswith(".part")]
    store.add(mine, checked)
    assert check_folder(mine) == []


def test_killed_in_the_middle_of_writing(mine: Path) -> None:
    """Killed without a chance to clean up, at any step: the tables are sound, and the next writer tidies up."""
    killer = (
        "import os, pathlib, sys\n"
        "left = [int(sys.argv.pop(1))]\n"
        "real = pathlib.Path.replace\n"
        "def replace(self, target):\n"
        "    if left[0] == 0:\n"
        "        os.kill(os.getpid(), 9)\n"
        "    left[0] -= 1\n"
        "    return real(self, target)\n"
        "pathlib.Path.replace = replace\n"
        "from ketcli.__main__ import main\n"
        "main()\n"
    )
    for step in range(4):
        command = [sys.executable, "-c", killer, str(step), "data", "add", str(mine)]
        run = subprocess.run(
            [*command, *options(study=f"Oak 201{step}")], env=environment(), capture_output=True, check=False
        )
        assert run.returncode == -9, run.stderr
        assert check_folder(mine) == []
    assert [name for name in contents(mine) if name.endswith(".part")]
    assert add(str(mine), *options(study="Elm 2015")).code == 0
    assert not [name for name in contents(mine) if name.endswith(".part")]
    test_description_follows_the_tables(mine)


def test_what_another_program_saves_meanwhile_stays(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A spreadsheet that saves while an entry is being checked does not lose what it saved."""
    real = store._refuse_worse

    def save(before: Inspection, after: Inspection) -> None:
        real(before, after)
        (mine / "arms.csv").write_bytes((mine / "arms.csv").read_bytes() + b"\n")

    monkeypatch.setattr(store, "_refuse_worse", save)
    before = contents(mine)
    result = add(str(mine), *options())
    assert (result.code, result.out) == (1, "")
    assert "[locked]" in result.err
    assert contents(mine) == before | {"arms.csv": before["arms.csv"] + b"\n"}


def test_backups_of_nothing_are_not_kept(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full after the copies were made, they go again, and every table is as it was."""
    before = contents(mine)

    def full(_contents: object) -> None:
        raise InputError("no room", code="cannot-write")

    monkeypatch.setattr(store, "write_files", full)
    assert add(str(mine), *options(), "--backup").code == 1
    assert contents(mine) == before


def test_file_marked_read_only_stays(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that its owner protects is not replaced behind the mark, though the folder would let it be."""
    # root may write everything, so the mark is played
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK or Path(path).name != "studies.csv")
    before = contents(mine)
    result = add(str(mine), *options())
    assert (result.code, contents(mine)) == (1, before)
    assert "[cannot-write]" in result.err


def test_new_faults_are_data_errors_with_their_place(mine: Path) -> None:
    """The refusal names file and line as `ket check` would."""
    answers = {"study": "Oak", "drug": "ketamine", "events": "1", "total": "2", "outcome": "response"}
    with pytest.raises(DataError) as caught:
        store.add(mine, answers)
    assert {Path(p.file).name for p in caught.value.problems} == {"studies.csv", "outcomes.csv"}
    assert {p.code for p in caught.value.problems} == {"missing-value"}


def test_a_title_above_the_columns_is_named(tmp_path: Path) -> None:
    """A row cannot be put below a header that is not the first line; the file stays as it is."""
    file = tmp_path / "t.csv"
    before = "My trials\n\nstudy,drug,route,outcome,time_days,events,total\nA,ketamine,iv,response,1,7,10\n"
    file.write_text(before, encoding="utf-8")
    result = add(str(file), *options(dose_unit=None, source_kind=None), "--csv")
    assert result.code == 1
    assert "delete what stands above them" in result.err
    assert file.read_text(encoding="utf-8") == before


def test_what_a_drug_was_added_to_goes_into_a_file_of_trials(tmp_path: Path) -> None:
    """Into its column where the file has one; else it is refused, not lost."""
    file = tmp_path / "t.csv"
    header = "study,drug,route,outcome,time_days,events,total"
    words = [
        *("--study", "B", "--drug", "esketamine", "--route", "nasal", "--outcome", "response", "--time", "28d")
    ]
    words += ["--events", "3", "--total", "9", "--background", "new-oral-ad"]
    file.write_text(f"{header},background\n", encoding="utf-8")
    assert add(str(file), *words).code == 0
    assert file.read_text(encoding="utf-8").splitlines()[1] == "B,esketamine,intranasal,response,28,3,9,new-oral-ad"
    file.write_text(f"{header}\n", encoding="utf-8")
    result = add(str(file), *words)
    assert (result.code, "[no-column]" in result.err) == (1, True)
    assert file.read_text(encoding="utf-8") == f"{header}\n"


def test_only_what_a_file_has_columns_for_is_asked(tmp_path: Path) -> None:
    """A file of seven columns asks seven questions, and who for control; a new file and a folder ask everything."""
    file = tmp_path / "t.csv"
    every = questions(flat=True)
    counts = ("control_events", "control_total")
    assert store.fitting(file, every, {}) == every
    file.write_text("study,drug,route,outcome,time_days,events,total\n", encoding="utf-8")
    asked = [question.name for question in store.fitting(file, every, {})]
    assert asked == ["study", "drug", "route", "control", "outcome", "time", "events", "total", *counts]
    with pytest.raises(InputError) as refused:
        store.fitting(file, every, {"year": "2020"})
    assert refused.value.code == "no-column"
