"""Errors that a user can mend, and the exit codes: one small tree, each with its code, hint and status."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class ExitStatus(IntEnum):
    """What the process tells its caller."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    INTERRUPTED = 130


class KetError(Exception):
    """A failure that the user can mend: one sentence, a stable code (an anchor in the README), a hint."""

    status = ExitStatus.FAILURE

    def __init__(self, message: str, *, code: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint


class UsageError(KetError):
    """The command line asks for something that does not exist or contradicts itself."""

    status = ExitStatus.USAGE


class InputError(KetError):
    """A file cannot be found, read, written or understood as a table."""


@dataclass(frozen=True)
class Problem:
    """One violation of a rule of the data; `line` counts the header as line 1, 0 is the whole file."""

    code: str
    file: str
    line: int
    column: str
    value: str
    message: str
    fix: str

    def __str__(self) -> str:
        """Return file:line: message [code], as compilers do, so that editors can jump to it."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message} [{self.code}]"


class DataError(KetError):
    """A table breaks rules of the data; `problems` holds every one, the message tells the first."""

    def __init__(self, problems: Iterable[Problem], *, hint: str = "") -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
        text = str(first).removesuffix(f" [{first.code}]")
        super().__init__(text + more, code=first.code, hint=hint or first.fix)


def unknown_value(
    what: str, value: str, valid: Iterable[str], *, code: str = "unknown-value", see: str = ""
) -> UsageError:
    """Return the usage error for a value outside a closed list: the nearest ones, else `see`, else all."""
    choices = sorted(set(valid))
    near = get_close_matches(value.lower(), choices, n=3, cutoff=0.6 if see else 0.5)
    if near:
        hint = "did you mean " + " or ".join(repr(n) for n in near) + "?"
    elif see:
        hint = see
    elif len(choices) <= 24:
        hint = "known: " + ", ".join(choices)
    else:
        hint = "known are, among others: " + ", ".join(choices[:12])
    return UsageError(f"unknown {what} {value!r}", code=code, hint=hint)
