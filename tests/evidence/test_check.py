"""Checking: every rule fires where it should, valid data pass, all problems come at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ketcli.errors import DataError, InputError
from ketcli.evidence.check import check_file, check_folder
from ketcli.evidence.load import Evidence
from ketcli.evidence.rules import RULES, errors_among
from ketcli.evidence.schema import TABLES
from tests.command import ket
from tests.evidence.examples import EXAMPLES, VALID, Example, csv_bytes, valid_folder, write_folder

# raised before there is a table to check
PLACES = {"no-file", "no-tables"}
# raised in people's own files alone, whose forms are read in tests/own
OWN_FILES = {
    *("too-large", "broken-archive", "missing-extra", "formula-without-value"),
    *("ambiguous-column", "ambiguous-comma"),
}
DATA = Path(__file__).resolve().parents[2] / "data"


def test_shipped_data_keep_every_rule() -> None:
    """The data that people are given have neither errors nor warnings."""
    assert [str(p) for p in check_folder(DATA)] == []


def test_valid_folder_passes(tmp_path: Path) -> None:
    """The folder that the examples break is itself without a problem, so each example isolates its rule."""
    assert check_folder(write_folder(tmp_path / "d", valid_folder())) == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.code)
def test_rule_fires_on_its_example(example: Example, tmp_path: Path) -> None:
    """A rule reports its smallest violation with the place of it, and no other rule is set off by the way."""
    problems = check_folder(example.write(tmp_path / "d"))
    assert {p.code for p in problems} == {example.code, *example.also}
    place = next((Path(p.file).name, p.line, p.column) for p in problems if p.code == example.code)
    assert place == (f"{example.table}.csv", example.line, example.column)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.code)
def test_problem_says_what_and_how_to_mend(example: Example, tmp_path: Path) -> None:
    """Every problem has a message and a fix without control characters, and names its file."""
    for problem in check_folder(example.write(tmp_path / "d")):
        assert problem.message.isprintable()
        assert problem.fix.isprintable()
        assert problem.message
        assert problem.fix
        assert str(problem).startswith(problem.file)


def test_every_rule_has_an_example() -> None:
    """No rule is registered that nothing shows to work, and no example is of an unknown rule."""
    assert {e.code for e in EXAMPLES} == set(RULES) - PLACES - OWN_FILES


def test_rules_explain_themselves() -> None:
    """Each rule has a title and a reason, told apart, because documentation is made from them."""
    assert all(rule.title and rule.why and rule.title != rule.why for rule in RULES.values())


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    """A broken number in one table does not hide the rules of others or of the same row."""
    folder = valid_folder()
    folder["studies"][0]["year"] = "MMX"
    folder["outcomes"][0] |= {"events": "twelve", "analysis_set": "all"}
    folder["outcomes"][1]["events"] = "11"
    folder["scores"][0]["mean"] = "-5"
    codes = [p.code for p in check_folder(write_folder(tmp_path / "d", folder))]
    assert codes == [
        "not-a-number",
        "unknown-code",
        "not-a-number",
        "events-over-total",
        "estimate-outside-interval",
    ]


def test_line_numbers_count_lines_of_the_file(tmp_path: Path) -> None:
    """A cell with a line break shifts the lines below it, so that an editor jumps to the right one."""
    folder = valid_folder()
    folder["arms"][0]["label"] = "two\nlines"
    folder["arms"][1]["drug"] = "ketamin"
    problems = check_folder(write_folder(tmp_path / "d", folder))
    assert [(p.code, p.line) for p in problems] == [("control-character", 2), ("unknown-code", 4)]


def test_unknown_code_names_the_nearest(tmp_path: Path) -> None:
    """A misspelt code is answered with the code that was probably meant."""
    folder = valid_folder()
    folder["arms"][0]["drug"] = "esketmine"
    (problem,) = check_folder(write_folder(tmp_path / "d", folder))
    assert "esketamine" in problem.fix


def test_misspelt_column_is_named_in_the_fix(tmp_path: Path) -> None:
    """A missing column that stands there under another spelling is pointed at."""
    content = csv_bytes("arms", VALID["arms"]).replace(b",drug,", b",drugs,", 1)
    write_folder(tmp_path / "d", valid_folder())
    (tmp_path / "d" / "arms.csv").write_bytes(content)
    problem = next(p for p in check_folder(tmp_path / "d") if p.code == "missing-column")
    assert "'drugs'" in problem.fix


def test_unreadable_line_of_a_file_is_named_with_its_own_remedy(tmp_path: Path) -> None:
    """A failure to read one line is a problem of that line, and the only problem brings its own hint."""
    file = tmp_path / "trials.csv"
    file.write_text('study,drug,outcome,events,total\n"a,ketamine,response,1,9\n', encoding="utf-8")
    with pytest.raises(DataError) as caught:
        Evidence.open(str(file))
    (problem,) = caught.value.problems
    assert (problem.code, problem.line) == ("bad-quoting", 2)
    assert str(problem).startswith(f"{file}:2: broken quoting")
    assert caught.value.hint == problem.fix


def test_unknown_column_points_at_a_command_there_is(tmp_path: Path) -> None:
    content = csv_bytes("scores", VALID["scores"]).replace(b",notes\n", b",remark\n", 1)
    write_folder(tmp_path / "d", valid_folder())
    (tmp_path / "d" / "scores.csv").write_bytes(content)
    problem = next(p for p in check_folder(tmp_path / "d") if p.code == "unknown-column")
    command = problem.fix.split("`")[1].split()
    assert ket(*command[1:]).code == 0


def test_printed_percent_may_differ_when_notes_say_so(tmp_path: Path) -> None:
    """A source that prints a percent at odds with its counts can be recorded as it is."""
    folder = valid_folder()
    folder["outcomes"][0] |= {"percent": "61", "notes": "printed percent differs"}
    assert check_folder(write_folder(tmp_path / "d", folder)) == []


def test_unknown_arm_is_reported_with_its_study(tmp_path: Path) -> None:
    """A reference to an arm that the study lacks names both, and the study's own arms as candidates."""
    folder = valid_folder()
    folder["outcomes"][0]["arm_id"] = "kett"
    (problem,) = check_folder(write_folder(tmp_path / "d", folder))
    assert (problem.code, problem.column) == ("unknown-reference", "arm_id")
    assert "ash-2010 kett" in problem.message
    assert "'ket'" in problem.fix


def test_unknown_study_is_reported_once(tmp_path: Path) -> None:
    """A row of an unknown study is one problem, not one per link."""
    folder = valid_folder()
    folder["scores"][0]["study_id"] = "elm-2010"
    assert [p.column for p in check_folder(write_folder(tmp_path / "d", folder))] == ["study_id"]


def test_same_people_at_different_times_are_no_problem(tmp_path: Path) -> None:
    """Overlapping records may both be poolable at times that no pool puts together."""
    folder = valid_folder()
    folder["studies"][1]["cohort_id"] = "ash"
    folder["outcomes"][1]["time_days"] = "28"
    assert check_folder(write_folder(tmp_path / "d", folder)) == []


def test_warnings_do_not_make_data_unusable(tmp_path: Path) -> None:
    """An unknown column and an empty source are told by `ket check` and loaded all the same."""
    folder = valid_folder()
    folder["scores"][0]["source_url"] = ""
    path = write_folder(tmp_path / "d", folder)
    problems = check_folder(path)
    assert [p.code for p in problems] == ["no-source"]
    assert errors_among(problems) == []
    assert len(Evidence.open(str(path)).rows("scores")) == 1


def test_broken_folder_is_refused_with_every_problem(tmp_path: Path) -> None:
    """Opening a user's folder raises one error that holds all problems, so that none is met halfway."""
    folder = valid_folder()
    folder["outcomes"][0]["events"] = "21"
    folder["arms"][2]["drug"] = "ketamin"
    path = write_folder(tmp_path / "d", folder)
    with pytest.raises(DataError) as caught:
        Evidence.open(str(path))
    assert [p.code for p in caught.value.problems] == ["unknown-code", "events-over-total"]
    assert "ket check" in caught.value.hint


@pytest.mark.parametrize(("make", "code"), [(lambda p: p / "absent", "no-file"), (lambda p: p, "no-tables")])
def test_nothing_to_check(make: object, code: str, tmp_path: Path) -> None:
    """A path that is not there and a folder without tables are told apart."""
    assert callable(make)
    with pytest.raises(InputError) as caught:
        check_folder(make(tmp_path))
    assert caught.value.code == code


def test_single_table_is_checked_by_its_own_rules(tmp_path: Path) -> None:
    """A file called like a table is that table; links to tables that were not given are no problem."""
    rows = valid_folder()["outcomes"]
    rows[1]["events"] = "11"
    file = tmp_path / "outcomes.csv"
    file.write_bytes(csv_bytes("outcomes", rows))
    assert [(p.code, p.line) for p in check_file(file)] == [("events-over-total", 3)]


def test_header_alone_is_fine(tmp_path: Path) -> None:
    """A table without rows is valid: a starter folder begins so."""
    path = write_folder(tmp_path / "d", {name: [] for name in TABLES})
    assert check_folder(path) == []


@pytest.mark.parametrize("above", ["ket", "ket-low"], ids=["itself", "through another"])
def test_arm_that_is_part_of_itself(above: str, tmp_path: Path) -> None:
    """An arm cannot lie inside itself, nor inside an arm that lies inside it: nobody would be left to count."""
    folder = valid_folder()
    folder["arms"][0]["part_of"] = above
    found = [p for p in check_folder(write_folder(tmp_path / "d", folder)) if p.code == "self-overlap"]
    assert [(p.line, p.column) for p in found] == (
        [(2, "part_of")] if above == "ket" else [(2, "part_of"), (3, "part_of")]
    )
