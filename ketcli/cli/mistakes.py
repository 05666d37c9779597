"""Errors told in one way, those of the command line itself too: a sentence, a code, a hint, or a JSON object."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import typer

from ketcli.errors import DataError, ExitStatus, InputError, KetError, UsageError, unknown_value

Run = Callable[..., Any]


def run_and_tell(run: Run, words: Sequence[str] | None) -> NoReturn:
    """Run a program on these words (None: the process's), tell what went wrong, end with the exit code.

    typer's errors are of no public class; they are known by the method that gives their text.
    """
    try:
        status = run(standalone_mode=False)
    except typer.Abort:
        _end(InputError("standard input ended before the last answer", code="no-input"), words)
    except KetError as error:
        _end(error, words)
    except OverflowError:
        too_large = "a number is too large to compute with"
        hint = "look for a slip of the pen in the numbers"
        _end(InputError(too_large, code="not-computable", hint=hint), words)
    except Exception as error:
        if not is_typers(error):
            raise
        if type(error).__name__ == "NoArgsIsHelpError":  # the help has been printed
            sys.exit(ExitStatus.USAGE)
        _end(told(error), words)
    sys.exit(status if isinstance(status, int) else 0)


def is_typers(error: Exception) -> bool:
    """Return whether an error is one that typer would print itself."""
    return callable(getattr(error, "format_message", None))


def told(error: Any) -> UsageError:
    """Return typer's error as one of ours; its wording is kept where it says more than we know."""
    context = getattr(error, "ctx", None)
    see = f"{context.command_path} --help lists what there is" if context else ""
    if hasattr(error, "possibilities") and context:
        options = (name for parameter in context.command.get_params(context) for name in parameter.opts)
        names = (name for name in options if name.startswith("--"))
        return unknown_value("option", error.option_name, names, code="unknown-option", see=see)
    text = error.format_message().rstrip(".")
    return UsageError(text[:1].lower() + text[1:], code="usage", hint=see)


def wants_json(words: Sequence[str]) -> bool:
    """Return whether these words, or the environment, ask for JSON, however wrong the rest of them is."""
    from ketcli.terminal import detect

    line = f" {' '.join(words)} "
    asked = (" --json ", " -f json ", " -fjson ", " --format json ", " --format=json ")
    return any(words in line for words in asked) or detect("never").environment.get("KET_FORMAT") == "json"


def _end(error: KetError, words: Sequence[str] | None) -> NoReturn:
    complain(error, as_json=wants_json(sys.argv[1:] if words is None else words))
    sys.exit(error.status)


def complain(error: KetError, *, as_json: bool = False) -> None:
    """Write one error to standard error: for people, or as a JSON object."""
    if as_json:
        from ketcli.render.json import dumps

        problems = [vars(p) for p in error.problems] if isinstance(error, DataError) else []
        body = {"message": error.message, "code": error.code, "hint": error.hint, "problems": problems}
        sys.stderr.write(dumps({"error": body}) + "\n")
        return
    from ketcli.wording import one_line

    lines = [f"ket: error: {one_line(error.message)} [{error.code}]"]
    if error.hint:
        lines.append(f"hint: {one_line(error.hint)}")
    sys.stderr.write("\n".join(lines) + "\n")
