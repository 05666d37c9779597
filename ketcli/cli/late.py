"""Commands built when they are run: to a start of the program, all others cost their line of help."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_command, solve_typer_info_help

from ketcli.cli.as_typed import TypedCommand, TypedGroup

Command = Callable[..., None]


class LateCommand:
    """A command for typer whose parameters are worked out when typer first looks at them.

    It has the name and the words of `command`; `call` is what runs, with one keyword for each parameter.
    """

    def __init__(
        self,
        command: Command,
        call: Command,
        parameters: Callable[[], Sequence[inspect.Parameter]],
    ) -> None:
        self.__name__ = command.__name__
        self.__module__ = command.__module__
        self.__doc__ = command.__doc__
        self._call = call
        self._parameters = parameters

    @functools.cached_property
    def __signature__(self) -> inspect.Signature:
        """What typer makes options and arguments of."""
        return inspect.Signature(list(self._parameters()))

    @property
    def __annotations__(self) -> dict[str, Any]:  # type: ignore[override]
        """The same by name, for those who look there."""
        return {name: parameter.annotation for name, parameter in self.__signature__.parameters.items()}

    def __call__(self, **given: Any) -> None:
        """Run the command."""
        self._call(**given)


class LateTyper(typer.Typer):
    """A program, or a group of commands, that shows all of them in the help and builds the one that is named."""

    def __init__(self, **settings: Any) -> None:
        self.late = typer.Typer()
        super().__init__(cls=_group_of(self.late), **settings)

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Command], Command]:  # type: ignore[override]
        """Take a command, as typer does."""
        return self.late.command(name, cls=TypedCommand, **settings)

    def add_typer(self, typer_instance: typer.Typer, **settings: Any) -> None:
        """Take a group of commands, as typer does."""
        self.late.add_typer(typer_instance, **settings)


def _group_of(commands: typer.Typer) -> type[TypedGroup]:
    """Return the class of a group that has a line for each of `commands` and builds the one that is named."""

    class LateGroup(TypedGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            for command in commands.registered_commands:
                self.add_command(TyperCommand(command.name, help=inspect.getdoc(command.callback)))
            for group in commands.registered_groups:
                self.add_command(TyperCommand(str(group.name), help=solve_typer_info_help(group)))

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            """Return the name, the whole command and what is left of the arguments."""
            name, command, rest = super().resolve_command(ctx, args)
            return name, None if command is None else _build(commands, str(command.name)), rest

    return LateGroup


def _build(commands: typer.Typer, name: str) -> Any:
    """Return one of the commands, or one group of them, with all of its options."""
    alone = typer.Typer(add_completion=False)
    alone.registered_commands = [command for command in commands.registered_commands if command.name == name]
    alone.registered_groups = [group for group in commands.registered_groups if group.name == name]
    built: Any = get_command(alone)
    return built.commands[name] if alone.registered_groups else built
