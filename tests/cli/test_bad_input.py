"""Rubbish in: one clear error or a clean result, the documented exit code, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import Result, ket, process

HEADER = "study,drug,route,outcome,time_days,events,total\n"
ROW = "Smith 2001,ketamine,intravenous,response,1,9,18\n"


def flat(*rows: str, header: str = HEADER) -> bytes:
    return (header + "".join(rows)).encode()


def row(**changes: str) -> str:
    cells = dict(zip(HEADER.strip().split(","), ROW.strip().split(","), strict=True)) | changes
    return ",".join(cells.values()) + "\n"


REFUSED: dict[str, tuple[bytes, str]] = {
    "no known encoding": (flat(row(study="M\x81ller")).decode().encode("latin-1"), "encoding"),
    "missing column": (flat("Smith,ketamine,1,9\n", header="study,drug,time_days,events\n"), "missing-column"),
    "duplicate column": (flat(ROW.strip() + ",9\n", header=HEADER.strip() + ",events\n"), "duplicate-column"),
    "text in a number": (flat(row(events="nine")), "not-a-number"),
    "events above total": (flat(row(events="19")), "events-over-total"),
    "negative count": (flat(row(events="-3")), "out-of-range"),
    "NaN": (flat(row(total="NaN")), "not-finite"),
    "infinity": (flat(row(total="inf")), "not-finite"),
    "blank study": (flat(row(study="")), "missing-value"),
    "unknown code": (flat(row(drug="ketamne")), "unknown-code"),
    "ragged row": (flat("Smith,ketamine\n"), "ragged-row"),
    "NUL byte": (flat(row(study="a\x00b")), "binary"),
    "binary file": (b"PK\x03\x04\x14\x00\x08\x00" + bytes(range(256)), "binary"),
    "empty file": (b"", "empty-file"),
    "blank lines only": (b"\n\n\n", "empty-file"),
    "unclosed quote": (flat('"Smith,ketamine,intravenous,response,1,9,18\n'), "bad-quoting"),
    "escape sequence": (flat(row(study="\x1b[31mred")), "control-character"),
    "spreadsheet formula": (flat(row(study="=1+1")), "formula-cell"),
    "2 MB field": (flat(row(study="x" * 2_000_000)), "huge-field"),
    "not whole": (flat(row(events="9.5")), "not-whole"),
    "JSON": (b'{"a": [1, 2]}', "missing-column"),
}
ACCEPTED: dict[str, bytes] = {
    "plain": flat(ROW),
    "BOM": b"\xef\xbb\xbf" + flat(ROW),
    "UTF-16": flat(ROW).decode().encode("utf-16"),
    "Latin-1": flat(row(study="Müller")).decode().encode("latin-1"),
    "semicolons": flat(ROW).replace(b",", b";"),
    "tabs": flat(ROW).replace(b",", b"\t"),
    "carriage returns": flat(ROW).replace(b"\n", b"\r\n"),
    "header only": flat(),
    "markup": flat(row(study="[b]x[/b] [n=20] :smile: <script>")),
    "long line": flat(row(study="x" * 50_000)),
}


def one_clear_error(result: Result, code: int) -> None:
    assert result.code == code
    assert result.out == ""
    lines = result.err.splitlines()
    assert lines[0].startswith("ket: error: ")
    assert len([line for line in lines if line.startswith("ket: error: ")]) == 1
    assert "Traceback" not in result.err
    assert "\x1b" not in result.err


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_its_rule_and_line(name: str, tmp_path: Path) -> None:
    content, rule = REFUSED[name]
    file = tmp_path / "mine.csv"
    file.write_bytes(content)
    result = ket("rates", "--data", str(file))
    one_clear_error(result, 1)
    assert f"[{rule}]" in result.err
    assert "mine.csv" in result.err
    assert "hint: " in result.err


@pytest.mark.parametrize("name", REFUSED)
def test_the_same_from_standard_input(name: str) -> None:
    content, rule = REFUSED[name]
    result = ket("rates", "--data", "-", stdin=content)
    one_clear_error(result, 1)
    assert f"[{rule}]" in result.err


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted_and_shown(name: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_bytes(ACCEPTED[name])
    for form in ("csv", "table", "json", "markdown", "tsv", "ndjson"):
        result = ket("rates", "--data", str(file), "--format", form)
        assert result.code == 0
        assert "Traceback" not in result.err
    shown = ket("rates", "--data", str(file), "--csv").out.splitlines()
    assert len(shown) == (1 if name == "header only" else 2)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("rates", "--data", "no/such/file.csv"), 1),
        (("rates", "--drug", "aspirin"), 2),
        (("rates", "--study", "zarate-2005"), 2),
        (("rates", "--at", "yesterday"), 2),
        (("rates", "--at", "9d-2d"), 2),
        (("rates", "--level", "12"), 2),
        (("rates", "--model", "magic"), 2),
        (("rates", "--format", "docx"), 2),
        (("rates", "-o", "table.xyz"), 2),
        (("rates", "-o", "no/such/folder/table.csv"), 1),
        (("studies", "zarate-2005"), 2),
        (("side-effects", "--event", "dizzyness"), 2),
        (("factors", "--factor", "shoe-size"), 2),
        (("data", "show", "outcome"), 2),
        (("outlook", "cars"), 2),
        (("mechanism", "--level", "plants"), 2),
        (("rates", "--color", "mauve"), 2),
    ],
)
def test_what_does_not_exist_is_named_with_what_does(arguments: tuple[str, ...], code: int) -> None:
    result = ket(*arguments)
    assert result.code == code
    assert result.out == ""
    assert "Traceback" not in result.err
    assert result.err.startswith("ket: error: ")
    assert "hint: " in result.err


def test_two_formats_at_once_are_a_contradiction() -> None:
    result = ket("rates", "--csv", "--format", "tsv")
    one_clear_error(result, 2)
    assert "[format-conflict]" in result.err
    assert ket("rates", "--csv", "--format", "csv").code == 0


def test_folder_without_tables(tmp_path: Path) -> None:
    one_clear_error(ket("rates", "--data", str(tmp_path)), 1)


def test_output_never_replaces_a_folder(tmp_path: Path) -> None:
    result = ket("rates", "-o", str(tmp_path), "--format", "csv")
    one_clear_error(result, 1)
    assert "[output-is-folder]" in result.err


def test_output_is_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    assert ket("rates", "-o", str(file)).code == 0
    before = file.read_bytes()
    assert ket("rates", "--drug", "aspirin", "-o", str(file)).code == 2
    assert file.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["rates.csv"]


def test_standard_input_that_is_a_keyboard_is_refused_at_once() -> None:
    result = ket("rates", "--data", "-")
    one_clear_error(result, 1)
    assert "[no-input]" in result.err


def test_errors_are_json_when_the_answer_would_be() -> None:
    result = ket("rates", "--drug", "aspirin", "--json")
    error = json.loads(result.err)["error"]
    assert error["code"] == "unknown-value"
    assert "aspirin" in error["message"]
    assert error["hint"]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("rates", "--tau2", "DL"), "--model random"),
        (("expect", "--test", "z"), "--model random"),
        (("compare", "esketamine", "placebo", "--model", "common", "--tau2", "PM"), "leave it out"),
    ],
)
def test_a_method_that_the_model_has_no_use_for_is_refused(arguments: tuple[str, ...], hint: str) -> None:
    """Whoever asks for an estimator of τ² must not read a number that it had no part in."""
    result = ket(*arguments, "--csv")
    assert (result.code, result.out) == (2, "")
    assert "[option-without-effect]" in result.err
    assert hint in result.err.splitlines()[1]
    assert ket(*arguments, "--model", "random", "--csv").code == 0


@pytest.mark.parametrize("asked", [("--json",), ("-f", "json"), ("--format=json",), ()])
def test_mistakes_of_the_command_line_are_json_too(asked: tuple[str, ...]) -> None:
    """A program that reads errors reads all of them, even when the options themselves are wrong."""
    result = ket("rates", "--dru", "ketamine", *asked, env=None if asked else {"KET_FORMAT": "json"})
    assert (result.code, result.out) == (2, "")
    assert json.loads(result.err)["error"]["code"] == "unknown-option"


def test_every_problem_of_a_file_is_reported_by_check(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_bytes(flat(row(events="19"), row(drug="ketamne"), row(total="none")))
    result = ket("check", str(file), "--csv")
    assert result.code == 1
    rules = {line.split(",")[1] for line in result.out.splitlines()[1:]}
    assert {"events-over-total", "unknown-code"} <= rules
    assert ket("check").code == 0


def test_unknown_command_is_a_usage_error_without_traceback() -> None:
    result = process("ratse")
    assert result.code == 2
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("command", "option"),
    [
        *(("safety", option) for option in (("--since", "2020"), ("--population", "mdd"), ("--min-n", "50"))),
        *(("durability", option) for option in (("--regimen", "single-dose"), ("--at", "7d"), ("--min-n", "50"))),
    ],
    ids=lambda part: part if isinstance(part, str) else part[0],
)
def test_a_filter_that_would_change_nothing_is_refused(command: str, option: tuple[str, str]) -> None:
    """A reader who filters must not be shown everything as if it had been filtered."""
    run = ket(command, *option)
    assert (run.code, run.out) == (2, "")
    assert f"{option[0]} does not apply" in run.err
    assert "[option-without-effect]" in run.err


@pytest.mark.parametrize("name", ["a", "plus", ""])
def test_a_name_of_filler_words_is_no_treatment(name: str) -> None:
    run = ket("compare", name, "placebo")
    assert run.code == 2
    assert f"{name!r} names no treatment" in run.err


def test_a_table_is_never_replaced_by_its_own_answer(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_bytes(b"study,events,total\nA,3,9\nB,4,11\n")
    result = ket("pool", str(file), "-o", str(file))
    one_clear_error(result, 2)
    assert "[output-is-input]" in result.err
    assert file.read_bytes().startswith(b"study,events")


def test_an_empty_name_is_not_the_bundled_data() -> None:
    one_clear_error(ket("rates", "--data", ""), 1)
