"""From shared options to opened evidence and checked filters."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ketcli.errors import InputError, UsageError

if TYPE_CHECKING:
    from ketcli.cli.options import SelectionOptions
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters
    from ketcli.terminal import Terminal


def open_evidence(location: str | None, terminal: Terminal, columns: Sequence[str] | None = None) -> Evidence:
    """Open the bundled data, or the user's folder, file or standard input; how it was read goes into the notes.

    `columns` are the options --column NAME=COLUMN as typed.
    """
    from ketcli.evidence.load import Evidence

    if location == "":
        raise InputError("--data names nothing", code="no-file", hint="name a folder or file, or leave it out")
    if location == "-":
        refuse_terminal(terminal, "ket rates --data -")
    evidence = Evidence.open(location, terminal.environment, named_columns(columns))
    if not evidence.location.shipped:
        from ketcli.evidence.starter import reminder

        terminal.said.extend((*evidence.notes, *reminder(evidence.labels)))
    return evidence


def named_columns(columns: Sequence[str] | None) -> dict[str, str]:
    """Return the options --column NAME=COLUMN as a mapping, checked."""
    if not columns:
        return {}
    from ketcli.evidence.flat_columns import parse_given

    return parse_given(columns)


def refuse_terminal(terminal: Terminal, command: str) -> None:
    """Say at once that standard input is a keyboard, instead of waiting for somebody to type a table."""
    if terminal.stdin_is_terminal:
        raise InputError(
            "- reads standard input, but nothing is piped in",
            code="no-input",
            hint=f"pipe a file in: {command} < my.csv",
        )


def read_stdin(terminal: Terminal, command: str) -> bytes:
    """Return what is piped in; `command` is what the hint tells to type."""
    from ketcli.evidence.intake import read_stream

    refuse_terminal(terminal, command)
    return read_stream(terminal.stdin.buffer, "standard input")  # type: ignore[attr-defined]


def read_filters(evidence: Evidence, options: SelectionOptions, more_outcomes: tuple[str, ...] = ()) -> Filters:
    """Check the filters against the schema's codes and the studies and outcomes at hand."""
    from ketcli.selection.filters import for_evidence

    given = {name: value for name, value in vars(options).items() if name not in ("data", "column")}
    return for_evidence(evidence, more_outcomes=more_outcomes, **given)


def refuse_unused(options: SelectionOptions, used: Collection[str], about: str, hint: str) -> None:
    """Refuse a filter that the command does not look at: the answer would seem to be filtered and is not.

    `used` are the names of the filters that it does look at; `about` and `hint` say what its rows are instead.
    """
    for name, value in vars(options).items():
        if value not in (None, False) and name not in (*used, "data", "column"):
            raise UsageError(
                f"--{name.replace('_', '-')} does not apply to {about}", code="option-without-effect", hint=hint
            )


def refuse_own_input(file: str, output: str | None) -> None:
    """Refuse to write the answer over the table it is made from."""
    if output in (None, "-") or file == "-":
        return
    source, target = Path(file), Path(str(output))
    if source.exists() and target.exists() and source.samefile(target):
        raise UsageError(f"{output} is the table itself", code="output-is-input", hint="name another file to write")
