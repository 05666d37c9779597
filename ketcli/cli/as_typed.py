"""The commands of typer as `ket` has them: quick with values that need no conversion, errors told as all others.

typer has pydantic convert every value, even nothing into nothing and text into text, and importing pydantic takes a
command longer than most of its own work. Numbers still go that way, and so does text beyond ASCII, which may be no
text at all; typer then says so.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from typer.core import TyperCommand, TyperGroup

from ketcli.cli.mistakes import is_typers, run_and_tell
from ketcli.errors import UsageError, unknown_value

_NUMBERS = {int: "a whole number", float: "a number"}


class TypedCommand(TyperCommand):
    """A command that takes text as it was typed."""

    def get_params(self, ctx: Any) -> Any:
        """Return the options and arguments, `--help` among them."""
        return _as_typed(super().get_params(ctx))


class TypedGroup(TyperGroup):
    """A group of commands that takes text as it was typed, and tells every mistake in one way."""

    def main(self, args: Any = None, *more: Any, standalone_mode: bool = True, **settings: Any) -> Any:
        """Run the program and end the process, as typer does; with `standalone_mode` off, raise or return."""
        run = functools.partial(super().main, args, *more, **settings)
        return run_and_tell(run, args) if standalone_mode else run(standalone_mode=False)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the name, the command and what is left of the arguments; UsageError for a name of no command."""
        if args and not ctx.resilient_parsing and not args[0].startswith("-") and args[0] not in self.commands:
            raise unknown_value(
                "command",
                args[0],
                self.commands,
                code="unknown-command",
                see=f"{ctx.command_path} --help lists the commands",
            )
        return super().resolve_command(ctx, args)

    def get_params(self, ctx: Any) -> Any:
        """Return the options of the group itself."""
        return _as_typed(super().get_params(ctx))


def _as_typed(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if "process_value" not in vars(parameter):
            parameter.process_value = functools.partial(_process, parameter, parameter.process_value)
    return parameters


def _process(parameter: Any, convert: Callable[[Any, Any], Any], context: Any, value: Any) -> Any:
    """Return the value of a parameter, converted where it has to be, after the parameter's callback."""
    if value is None and not parameter.required:
        value = () if parameter.multiple or parameter.nargs == -1 else None
    elif not _is_plain(parameter, value):
        return _converted(parameter, convert, context, value)
    return value if parameter.callback is None else parameter.callback(context, parameter, value)


def _converted(parameter: Any, convert: Callable[[Any, Any], Any], context: Any, value: Any) -> Any:
    """Return the value as typer converts it; UsageError where a number was wanted and none was given."""
    try:
        return convert(context, value)
    except Exception as error:
        number = _NUMBERS.get(_wanted(parameter))
        if not number or value is None or not is_typers(error):
            raise
        option = max(parameter.opts, key=len)
        raise UsageError(f"{option} takes {number}, not {value!r}", code="no-number") from None


def _wanted(parameter: Any) -> Any:
    """Return the type that a parameter's values are to be of."""
    return getattr(getattr(parameter, "type_descriptor", None), "annotation", None)


def _is_plain(parameter: Any, value: Any) -> bool:
    """Say whether a value is the text that the parameter wants."""
    wanted = _wanted(parameter)
    texts = (value,) if wanted is str else value if wanted == list[str] and value else (None,)
    return all(isinstance(text, str) and text.isascii() for text in texts)
