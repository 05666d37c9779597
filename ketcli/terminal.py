"""Streams, terminals, width, colour and symbols: the only reader of the environment, decided once per run."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Literal

from ketcli.errors import unknown_value

ColourMode = Literal["auto", "always", "never"]
SYMBOLS = "─│└■◆−·…²τ"


@dataclass(frozen=True)
class Terminal:
    """Where a run reads and writes and what its output can carry.

    `stdout_is_terminal` comes from isatty alone: a forced colour must not turn a pipe into a terminal. `said`
    gathers what is to be told about the reading of data, beside the notes of the answer itself.
    """

    stdin: IO[str]
    stdout: IO[str]
    stderr: IO[str]
    environment: Mapping[str, str]
    stdin_is_terminal: bool
    stdout_is_terminal: bool
    stderr_is_terminal: bool
    width: int
    height: int
    colour: bool
    colour_stderr: bool
    unicode: bool
    said: list[str] = field(default_factory=list)


def detect(colour: str = "auto", environment: Mapping[str, str] | None = None) -> Terminal:
    """Look at the process's streams and environment once; `colour` is auto, always or never."""
    env = os.environ if environment is None else environment
    if colour not in ("auto", "always", "never"):
        raise unknown_value("value of --color", colour, ("auto", "always", "never"))
    out_tty, err_tty = _is_terminal(sys.stdout), _is_terminal(sys.stderr)
    size = shutil.get_terminal_size((80, 24))
    return Terminal(
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        environment=env,
        stdin_is_terminal=_is_terminal(sys.stdin),
        stdout_is_terminal=out_tty,
        stderr_is_terminal=err_tty,
        width=_columns(env, size.columns),
        height=max(size.lines, 10),
        colour=_wants_colour(colour, env, is_terminal=out_tty),
        colour_stderr=_wants_colour(colour, env, is_terminal=err_tty),
        unicode=_carries_symbols(sys.stdout),
    )


def _is_terminal(stream: IO[str] | None) -> bool:
    try:
        return bool(stream and stream.isatty())
    except ValueError:  # a closed stream
        return False


def _columns(env: Mapping[str, str], found: int) -> int:
    text = env.get("COLUMNS", "")
    width = int(text) if text.isdecimal() and int(text) > 0 else found
    return min(max(width, 40), 400)


def _wants_colour(mode: str, env: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Decide colour: the option, then NO_COLOR, FORCE_COLOR, TERM=dumb, then whether people are looking."""
    match mode:
        case "always":
            return True
        case "never":
            return False
        case _ if env.get("NO_COLOR"):
            return False
        case _ if env.get("FORCE_COLOR", "0") not in ("", "0"):
            return True
        case _ if env.get("TERM") == "dumb":
            return False
        case _:
            return is_terminal


def _carries_symbols(stream: IO[str] | None) -> bool:
    encoding = getattr(stream, "encoding", None) or "ascii"
    try:
        SYMBOLS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
