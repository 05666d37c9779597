"""A reader's own statements: read from the smallest file, and every fault of a bad one told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ketcli.claims.file import read
from ketcli.errors import DataError, InputError
from tests.command import ket, process

RESPONSE = "table=outcomes;drug=esketamine;outcome=response;regimen=esketamine-oral-ad"
NAUSEA = "table=side_effects;event=nausea;against=placebo;drug=esketamine;phase=acute-course;measure=rr"
OWN = f"""claim,low,high,unit,check
Half respond by week four,50,50,percent,{RESPONSE}
Nausea at least doubles,2,,rr,{NAUSEA}
People like it,,,,
"""


def problems(text: str) -> list[tuple[str, int, str]]:
    with pytest.raises(DataError) as caught:
        read(text.encode(), "own.csv")
    return [(p.code, p.line, p.column) for p in caught.value.problems]


def test_the_minimal_columns_are_enough() -> None:
    found = read(OWN.encode(), "own.csv")
    assert [s.claim_id for s in found.statements] == ["line1", "line2", "line3"]
    assert found.lines == (2, 3, 4)
    assert [(s.low, s.high) for s in found.statements] == [(50.0, 50.0), (2.0, None), (None, None)]


def test_the_layout_of_the_shipped_table_is_read_too() -> None:
    text = "claim_id,section,statement_in_own_words,verdict,check\nq7,mine,Ketamine works,partly,\n"
    (statement,) = read(text.encode(), "own.csv").statements
    assert (*(statement.claim_id, statement.section, statement.text, statement.recorded),) == (
        "q7",
        "mine",
        "Ketamine works",
        "partly",
    )


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("x,70,50,percent,", ("interval-reversed", 2, "low")),
        ("x,5,,,", ("missing-value", 2, "unit")),
        ("x,500,600,percent,", ("out-of-range", 2, "low")),
        ("x,five,,percent,", ("not-a-number", 2, "low")),
        (",1,2,percent,", ("missing-value", 2, "claim")),
        ("=1+1,1,2,percent,", ("formula-cell", 2, "claim")),
        ("x,1,2,percent,table=outcmes", ("bad-check", 2, "check")),
        ("x,1,2,percent,table=outcomes;days=3", ("bad-check", 2, "check")),
        ("x,1,2", ("ragged-row", 2, "")),
    ],
)
def test_each_fault_is_told_with_its_line_and_column(row: str, expected: tuple[str, int, str]) -> None:
    assert expected in problems(f"claim,low,high,unit,check\n{row}\n")


def test_all_faults_are_told_at_once_in_the_order_of_the_lines() -> None:
    found = problems("claim,low,high,unit,check\nx,70,50,percent,\ny,5,,,table=outcmes\n")
    assert [(c, line) for c, line, _ in found] == [("interval-reversed", 2), ("missing-value", 3), ("bad-check", 3)]


def test_a_missing_column_is_named_as_the_file_would_call_it() -> None:
    assert problems("statement,unit\nx,percent\n") == [
        ("missing-column", 1, "claim"),
        ("missing-column", 1, "check"),
    ]


def test_a_claim_id_stands_once() -> None:
    assert ("duplicate-key", 3, "claim_id") in problems("claim_id,claim,check\na,x,\na,y,\n")


def test_no_csv_at_all_is_an_input_error() -> None:
    with pytest.raises(InputError, match="empty"):
        read(b"", "own.csv")


def test_the_command_holds_a_file_against_the_data(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text(OWN, encoding="utf-8")
    done = ket("claims", "--file", str(file), "--csv", "--quiet")
    assert done.code == 0
    found = [line.split(",")[:8] for line in done.out.splitlines() if line.startswith("claim,")]
    assert [[row[1], row[7]] for row in found] == [["line1", "partly"], ["line2", "supported"], ["line3", ""]]


def test_a_drug_that_does_not_exist_is_told_with_the_line_of_the_statement(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("claim,check\nx,\ny,table=outcomes;drug=ketamin\n", encoding="utf-8")
    done = ket("claims", "--file", str(file))
    assert (done.code, done.out) == (1, "")
    assert f"{file}:3: check: unknown drug 'ketamin'" in done.err


def test_standard_input_is_read_and_a_keyboard_is_refused() -> None:
    done = process("claims", "--file", "-", "--csv", stdin=OWN.encode())
    assert done.code == 0
    assert "line1" in done.out
    assert "nothing is piped in" in ket("claims", "--file", "-").err
