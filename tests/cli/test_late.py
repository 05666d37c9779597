"""Commands are built when they are run, and nobody can tell from outside."""

from __future__ import annotations

import inspect

import pytest
from typer.testing import CliRunner

from ketcli.cli import evidence, figures
from ketcli.cli.app import app
from ketcli.cli.late import LateCommand
from ketcli.cli.options import OutputOptions, shared_options

COMMANDS = {str(command.name): command.callback for command in app.late.registered_commands}
GROUPS = [str(group.name) for group in app.late.registered_groups]


def answer(*arguments: str) -> str:
    run = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "400"})
    assert run.exit_code == 0, run.output
    return run.output


def test_the_help_lists_every_command_with_its_first_line() -> None:
    text = answer("--help")
    for name, command in COMMANDS.items():
        assert f"│ {name} " in text
        assert str(inspect.getdoc(command)).splitlines()[0].strip() in text
    for name in GROUPS:
        assert f"│ {name} " in text


@pytest.mark.parametrize("name", [*COMMANDS, *GROUPS])
def test_every_command_has_its_own_help(name: str) -> None:
    assert f"Usage: ket {name}" in answer(name, "--help").replace("root", "ket")


def test_every_option_of_a_command_is_in_its_help() -> None:
    text = answer("rates", "--help")
    for option in ("--drug", "--model", "--interval", "--left-out", "--format"):
        assert option in text


def test_a_group_offers_its_commands() -> None:
    text = answer("forest", "--help")
    for name, _ in figures.SOURCES:
        assert f"│ {name} " in text
    assert "--measure" in answer("forest", "rates", "--help")


def test_options_are_worked_out_only_when_somebody_looks() -> None:
    """Reading the annotations of every command would cost each start of the program more than its own command."""
    looked: list[str] = []

    def command(output: OutputOptions) -> None:
        """Do nothing."""
        looked.append(output.color)

    late = shared_options(command)
    assert isinstance(late, LateCommand)
    assert "__signature__" not in vars(late)
    assert [*inspect.signature(late).parameters] == [
        name for name in inspect.signature(OutputOptions).parameters if name != "view"
    ]
    late(color="never")
    assert looked == ["never"]


def test_annotations_are_those_of_the_signature() -> None:
    parameters = inspect.signature(evidence.rates).parameters
    assert evidence.rates.__annotations__ == {name: p.annotation for name, p in parameters.items()}
