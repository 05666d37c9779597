"""Lines typed at a terminal: with editing, TAB for words that fit, and a paste of several lines as one answer."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from ketcli.errors import InputError

if TYPE_CHECKING:
    from ketcli.terminal import Terminal


def reader(terminal: Terminal) -> Callable[[str, Sequence[str]], str]:
    """Return what asks for a line: it takes a prompt and the words that TAB may complete.

    InputError `no-input` when the input ends.
    """
    edited = _can_edit(terminal)

    def ask(prompt: str, words: Sequence[str]) -> str:
        if edited:
            _complete(words)
            with suppress(EOFError):
                return input(prompt)
            line = ""
        else:
            terminal.stderr.write(prompt)
            terminal.stderr.flush()
            line = terminal.stdin.readline()
        if not line:
            raise InputError("the answers end too early; nothing was written", code="no-input", hint="start again")
        return line

    return ask


def writer(terminal: Terminal) -> Callable[[str], None]:
    """Return what shows a line to the person who is asked: wrapped between words, the indent kept."""

    def say(line: str) -> None:
        text = line.lstrip(" \n")
        indent = " " * (len(line.lstrip("\n")) - len(text))
        above = "\n" * (len(line) - len(line.lstrip("\n")))
        shown = textwrap.fill(
            text,
            terminal.width,
            initial_indent=indent,
            subsequent_indent=indent + "  ",
            break_on_hyphens=False,
        )
        shown = shown.replace("\N{NO-BREAK SPACE}", " ")
        terminal.stderr.write(f"{above}{shown}\n")

    return say


def _can_edit(terminal: Terminal) -> bool:
    """Return whether a person sits at the process's own keyboard and sees its output."""
    if terminal.stdin is not sys.__stdin__ or not terminal.stdout_is_terminal:
        return False
    try:
        import readline  # noqa: F401  (its import gives `input` its editing)
    except ImportError:
        return False
    return True


def _complete(words: Sequence[str]) -> None:
    """Let TAB complete these words."""
    import readline

    def fitting(text: str, state: int) -> str | None:
        found = [word for word in words if word.startswith(text.lower())]
        return found[state] if state < len(found) else None

    readline.set_completer(fitting)
    readline.set_completer_delims("")
    readline.parse_and_bind("tab: complete")
    readline.parse_and_bind("set enable-bracketed-paste on")
