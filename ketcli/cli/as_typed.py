"""Values of options that need no conversion: what was left out, and text.

typer has pydantic convert every value, even nothing into nothing and text into text, and importing pydantic takes a
command longer than most of its own work. Numbers still go that way, and so does text beyond ASCII, which may be no
text at all; typer then says so.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from typer.core import TyperCommand, TyperGroup


class TypedCommand(TyperCommand):
    """A command that takes text as it was typed."""

    def get_params(self, ctx: Any) -> Any:
        """Return the options and arguments, `--help` among them."""
        return _as_typed(super().get_params(ctx))


class TypedGroup(TyperGroup):
    """A group of commands that takes text as it was typed."""

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
        return convert(context, value)
    return value if parameter.callback is None else parameter.callback(context, parameter, value)


def _is_plain(parameter: Any, value: Any) -> bool:
    """Say whether a value is the text that the parameter wants."""
    wanted = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
    texts = (value,) if wanted is str else value if wanted == list[str] and value else (None,)
    return all(isinstance(text, str) and text.isascii() for text in texts)
