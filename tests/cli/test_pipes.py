"""The installed command end to end: formats, pipes, streams, colours, signals, width."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

import ketcli
from tests.command import environment, ket, process

NEEDED = [
    "kind",
    "study_id",
    "outcome",
    "events",
    "total",
    "rate",
    "ci_low",
    "ci_high",
    "time_days",
    "drug",
    "route",
    "source_url",
]
COMMANDS = (
    ("rates",),
    ("side-effects",),
    ("side-effects", "--event", "dissociation"),
    ("factors",),
    ("factors", "--age"),
    ("studies",),
    ("studies", "zarate-2006"),
    ("timeline",),
    ("durability",),
    ("safety",),
    ("trd",),
    ("mechanism",),
    ("outlook",),
    (),
)


def test_rates_pipe_into_pandas() -> None:
    reader = f'{sys.executable} -c "import pandas,sys; print(pandas.read_csv(sys.stdin).shape)"'
    run = process(shell=f"$KET rates --format csv | {reader}")
    assert run.code == 0
    rows, columns = eval(run.out)
    assert rows > 30
    assert columns >= len(NEEDED)


def test_a_pipe_gets_csv_with_the_promised_columns() -> None:
    header = next(csv.reader(io.StringIO(process("rates").out)))
    assert set(NEEDED) <= set(header)


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    run = process(shell="$KET rates | head -1")
    assert run.out.startswith("kind,study_id")
    assert "Traceback" not in run.err
    assert "Broken" not in run.err


@pytest.mark.parametrize("command", ["rates", "data path", "--help", "--version"])
@pytest.mark.parametrize("where", [">&-", ">/dev/full"])
def test_an_answer_with_nowhere_to_go_is_a_failure_in_one_sentence(command: str, where: str) -> None:
    """A closed or full standard output, by our own writing and by the library's that prints the help."""
    run = process(shell=f"$KET {command} {where}")
    assert run.code == 1
    assert run.err.startswith("ket: error: standard output cannot be written: ")
    assert "[cannot-write]" in run.err
    assert "Traceback" not in run.err


def test_closed_standard_error_drops_the_notes_and_keeps_the_answer() -> None:
    run = process(shell="$KET rates 2>&-")
    assert run.code == 0
    assert run.out == process("rates").out


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: " ".join(c) or "ket")
def test_every_command_keeps_its_contract_in_every_format(command: tuple[str, ...]) -> None:
    """The same rows and columns in CSV, TSV, JSON and NDJSON; a table that fits; notes on standard error."""
    as_csv = ket(*command, "--format", "csv")
    assert as_csv.code == 0
    rows = list(csv.DictReader(io.StringIO(as_csv.out)))
    document = json.loads(ket(*command, "--json").out)
    names = [column["name"] for column in document["columns"]]
    assert as_csv.out.splitlines()[0].split(",") == names
    assert len(document["rows"]) == len(rows) > 0
    assert document["data_version"]
    lines = ket(*command, "--format", "ndjson").out.splitlines()
    assert [json.loads(line) for line in lines] == document["rows"]
    tabs = ket(*command, "--format", "tsv").out.splitlines()
    assert tabs[0].split("\t") == names
    for row, plain in zip(document["rows"], rows, strict=True):
        for name in names:
            value = row[name]
            if isinstance(value, float):
                assert float(plain[name]) == value
            elif value is None:
                assert plain[name] == ""
    for width in (80, 160):
        table = ket(*command, "--format", "table", env={"COLUMNS": str(width)})
        assert max(len(line) for line in table.out.splitlines()) <= width
    assert ket(*command, "--format", "markdown").out.startswith("**")


@pytest.mark.parametrize("command", ["rates", "side_effects", "factors", "studies"])
def test_python_functions_return_what_the_command_prints(command: str) -> None:
    frame = getattr(ketcli, command)()
    printed = pd.read_csv(io.StringIO(ket(command.replace("_", "-"), "--csv").out))
    assert list(frame.columns) == list(printed.columns)
    assert len(frame) == len(printed)
    assert frame.attrs["notes"]


def test_load_gives_every_table() -> None:
    tables = ketcli.load()
    assert len(tables) == 19
    assert tables["outcomes"]["events"].dtype == float
    assert ketcli.load("studies").shape[0] == len(tables["studies"])


def test_table_on_a_terminal_csv_in_a_pipe() -> None:
    assert ket("rates", terminal=True).out.startswith("\x1b[1mResponse")
    assert ket("rates", terminal=False).out.startswith("kind,")


@pytest.mark.parametrize(
    ("env", "arguments", "coloured"),
    [
        ({}, (), True),
        ({"NO_COLOR": "1"}, (), False),
        ({"TERM": "dumb"}, (), False),
        ({"NO_COLOR": "1"}, ("--color", "always"), True),
        ({"FORCE_COLOR": "1"}, ("--color", "never"), False),
    ],
)
def test_colour(env: dict[str, str], arguments: tuple[str, ...], coloured: bool) -> None:
    assert ("\x1b[" in ket("rates", *arguments, terminal=True, env=env).out) == coloured


def test_forced_colour_does_not_make_a_pipe_a_terminal() -> None:
    assert ket("rates", env={"FORCE_COLOR": "1"}).out.startswith("kind,")


def test_environment_names_a_format_and_options_win() -> None:
    assert ket("rates", env={"KET_FORMAT": "json"}).out.startswith("{")
    assert ket("rates", "--csv", env={"KET_FORMAT": "json"}).out.startswith("kind,")


def test_encoding_that_cannot_carry_symbols_gets_ascii() -> None:
    run = process("rates", "--format", "table", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert run.code == 0
    assert run.out.isascii()


def test_quiet_leaves_the_notes_out() -> None:
    assert ket("rates", "--csv", "-q").err == ""
    assert "note: " in ket("rates", "--csv").err


def test_nothing_matching_is_a_clean_answer() -> None:
    run = ket("rates", "--since", "2090", "--csv")
    assert run.code == 0
    assert len(run.out.splitlines()) == 1
    assert "2090" in run.err


def test_ctrl_c_ends_with_130() -> None:
    script = "\n".join(
        (
            "import time",
            "from ketcli.cli import app",
            "import ketcli.summaries.rates as summary",
            "summary.rates = lambda *a, **k: time.sleep(30)",
            "print('ready', flush=True)",
            "app.app(args=['rates'], prog_name='ket')",
        )
    )
    run = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    assert run.stdout is not None
    run.stdout.readline()
    time.sleep(1.0)
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=20)
    assert run.returncode == 130
    assert b"Traceback" not in err


def test_output_file_gets_its_format_from_its_ending(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    for name, start in (
        ("a.csv", "kind,"),
        ("a.json", "{"),
        ("a.md", "**"),
        ("a.tsv", "kind\t"),
        ("a.txt", "Response"),
    ):
        assert ket("rates", "-o", str(folder / name)).code == 0
        assert (folder / name).read_text(encoding="utf-8").startswith(start)
