"""The README cannot rot: its outputs are what the commands print, every command and error code has its place.

KET_UPDATE_SNAPSHOTS=1 writes the outputs anew.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from ketcli.evidence.load import Evidence
from ketcli.evidence.rules import RULES
from tests.command import ket

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"```console\n\$ (?P<command>ket[^\n]*)\n(?P<output>.*?)```", re.S)
RAISED = re.compile(r"code=\"([a-z0-9-]+)\"")


def shown(command: str) -> str:
    """Return what a README command prints on an 80-column terminal; `| head -N` keeps N lines."""
    line, _, head = command.partition(" | head -")
    arguments = shlex.split(line)[1:]
    result = ket(*arguments, terminal=not head, env={"NO_COLOR": "1"})
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    return "\n".join(lines[: int(head)] if head else lines) + "\n"


def blocks() -> list[tuple[str, str]]:
    return [(m["command"], m["output"]) for m in BLOCK.finditer(README.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("command", [command for command, _ in blocks()])
def test_outputs_are_what_the_commands_print(command: str) -> None:
    text = shown(command)
    page = README.read_text(encoding="utf-8")
    written = next(output for name, output in blocks() if name == command)
    if os.environ.get("KET_UPDATE_SNAPSHOTS"):
        README.write_text(page.replace(f"$ {command}\n{written}```", f"$ {command}\n{text}```"), encoding="utf-8")
        return
    assert written == text


def test_every_command_of_the_program_is_in_the_readme() -> None:
    names = re.findall(r"^[│|] (\w[\w-]*) {2,}", ket("--help", env={"COLUMNS": "120"}).out, re.M)
    assert len(names) > 10
    page = README.read_text(encoding="utf-8")
    assert [name for name in names if f"`ket {name}" not in page] == []


def test_every_error_code_has_an_anchor() -> None:
    sources = [file.read_text(encoding="utf-8") for file in (ROOT / "ketcli").rglob("*.py")]
    codes = {code for text in sources for code in RAISED.findall(text)} | set(RULES)
    page = README.read_text(encoding="utf-8")
    assert sorted(code for code in codes if f"`{code}`" not in page) == []


def test_the_two_commands_need_python_and_pip_alone() -> None:
    page = README.read_text(encoding="utf-8")
    for marker in ("<!-- main-command -->", "<!-- test-command -->"):
        command = page.partition(marker)[2].partition("```sh\n")[2].partition("```")[0]
        assert set(re.findall(r"\.venv/bin/(\w+)", command)) <= {"pip", "ket", "python"}
        assert command.startswith("python3 -m venv .venv && ")


def test_it_says_that_it_is_no_medical_advice() -> None:
    assert "not medical advice" in README.read_text(encoding="utf-8")


def test_counts_of_the_data_are_those_of_the_tables(shipped: Evidence) -> None:
    page = README.read_text(encoding="utf-8")
    words = (("studies", "studies and records"), ("outcomes", "rows of outcomes"))
    for table, phrase in (*words, ("side_effects", "of side effects"), ("factors", "of factors")):
        assert f"{len(shipped.rows(table))} {phrase}" in page
