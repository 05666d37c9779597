"""One run of the command line inside this process, and what may not happen in it whatever the input."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

PATIENCE = 10  # seconds after which a run counts as hanging
COMMANDS = (
    *(("rates", "--data", "-", form) for form in ("--csv", "table", "json", "markdown", "ndjson", "tsv", "html")),
    *(("check", "-", form) for form in ("--csv", "table", "json", "markdown")),
    *(("pool", "-", form) for form in ("--csv", "table", "json", "markdown", "html")),
    ("pool", "-", "--csv", "--measure", "OR", "--model", "mh"),
    ("pool", "-", "--csv", "--measure", "PLO", "--model", "random"),
    ("pool", "-", "--csv", "--by", "outcome"),
    ("pool", "-", "--csv", "--where", "outcome=response", "--cluster", "study"),
    ("pool", "-", "table", "--leave-one-out", "--influence", "--explain"),
    ("pool", "-", "--csv", "--bias", "--force", "--robustness"),
    ("pool", "-", "table", "--cumulative", "year", "--moderator", "dose"),
    ("rates", "--data", "-", "--csv", "--column", "events=n", "--column", "total=N"),
    ("rates", "--data", "-", "--csv", "--column", "drug=ketamine", "--column", "outcome=response"),
    ("compare", "ketamine", "placebo", "--data", "-", "table"),
    ("timeline", "--data", "-", "table"),
    ("studies", "--data", "-", "table"),
    ("side-effects", "--data", "-", "--csv"),
    ("data", "show", "outcomes", "--data", "-", "table"),
    ("data", "export", "--to", "metafor", "--data", "-"),
    ("data", "export", "--to", "metapsy", "--data", "-"),
)
# for folders of tables; FOLDER stands for where one is, SOUND for one that keeps every rule
FOLDER_COMMANDS = (
    ("--data", "FOLDER", "table"),
    *(("rates", "--data", "FOLDER", form) for form in ("--csv", "table", "json", "html")),
    *(("check", "FOLDER", form) for form in ("--csv", "table")),
    *(("compare", "ketamine", "midazolam", "--data", "FOLDER", form) for form in ("--csv", "table")),
    ("timeline", "--data", "FOLDER", "table"),
    ("durability", "--data", "FOLDER", "table"),
    ("factors", "--data", "FOLDER", "table"),
    ("factors", "--sex", "--data", "FOLDER", "--csv"),
    ("side-effects", "--data", "FOLDER", "table"),
    ("side-effects", "--data", "FOLDER", "--csv"),
    ("expect", "--data", "FOLDER", "table"),
    ("studies", "--data", "FOLDER", "table"),
    ("studies", "example-a", "--data", "FOLDER", "table"),
    ("data", "show", "scores", "--data", "FOLDER", "table"),
    ("data", "diff", "SOUND", "FOLDER", "table"),
    ("data", "diff", "FOLDER", "SOUND", "--csv"),
    ("data", "export", "--to", "metapsy", "--data", "FOLDER"),
)
# what output may never carry: controls other than line feed and tab, and characters that turn the writing
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Outcome:
    """What a run left: exit code, both streams, seconds; `fault` is what should not have happened, if anything."""

    code: int
    out: str
    err: str
    seconds: float
    fault: str

    @property
    def reason(self) -> str:
        """Return the code of the error that was told, "" for none."""
        found = re.search(r"^ket: error: .*\[([a-z-]+)\]$", self.err, re.MULTILINE)
        return found[1] if found else ""


class _Hang(BaseException):
    """The run took longer than it may."""


class _Stream(io.TextIOWrapper):
    def __init__(self, data: bytes = b"") -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8", newline="", write_through=True)

    def isatty(self) -> bool:
        return False

    def text(self) -> str:
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode("utf-8", "surrogateescape")


class Program:
    """The command line, built once and run often."""

    def __init__(self) -> None:
        import typer.main

        from ketcli.cli.app import app

        self._command: Any = typer.main.get_command(app)
        warnings.simplefilter("always")

    def run(self, arguments: Sequence[str], content: bytes) -> Outcome:
        """Run a command on piped bytes and judge what it left."""
        words = [w if w.startswith("-") or w not in _FORMS else f"--format={w}" for w in arguments]
        before = sys.stdin, sys.stdout, sys.stderr
        out, err = _Stream(), _Stream()
        sys.stdin, sys.stdout, sys.stderr = _Stream(content), out, err
        handler = signal.signal(signal.SIGALRM, _stop)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        begun = time.perf_counter()
        code, fault = 0, ""
        try:
            self._command.main(args=words, prog_name="ket")
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        except _Hang:
            fault = f"hang: over {PATIENCE} s"
        except BaseException as error:  # this is what is looked for
            fault = f"traceback: {type(error).__name__}: {error}"
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, handler)
            sys.stdin, sys.stdout, sys.stderr = before
        seconds = time.perf_counter() - begun
        text, errors = out.text(), err.text()
        return Outcome(code, text, errors, seconds, fault or _judge(words, code, text, errors))


_FORMS = ("table", "json", "markdown", "ndjson", "tsv", "html")


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _Hang


def _judge(words: Sequence[str], code: int, out: str, err: str) -> str:
    """Return what is wrong with an answer, "" when nothing is."""
    if code not in (0, 1, 2):
        return f"exit code {code}"
    if "Traceback" in err:
        return "traceback on standard error"
    if found := re.search(r"^\S*\w+Warning: .*$", err, re.MULTILINE):
        return f"a warning for programmers: {found[0]}"
    for name, text in (("standard output", out), ("standard error", err)):
        if found := RAW.search(text.replace("\r\n", "\n") if "tsv" in words else text):
            return f"raw U+{ord(found[0]):04X} on {name}"
    checking = words[0] == "check" and code == 1 and bool(out)
    if code and not checking:
        if out:
            return "an answer beside an error"
        if not re.match(r"(ket: error: |\{\"error\")", err):
            return "an error without its line"
        return ""
    return _readable(words, out)


def _readable(words: Sequence[str], out: str) -> str:
    """Return why an answer cannot be read back by a machine, "" when it can or is for people."""
    joined = " ".join(words)
    try:
        if "--format=json" in joined and "ndjson" not in joined:
            json.loads(out)
        elif "--format=ndjson" in joined:
            for line in out.splitlines():
                json.loads(line)
        elif "--csv" in joined or "--format=tsv" in joined:
            rows = list(csv.reader(io.StringIO(out, newline=""), delimiter="\t" if "tsv" in joined else ","))
            if len({len(row) for row in rows}) > 1:
                return "rows of different lengths"
            if any(cell.startswith(("=", "@")) for row in rows for cell in row):
                return "a cell that a spreadsheet would run"
    except (ValueError, csv.Error) as error:
        return f"unreadable answer: {error}"
    return ""
