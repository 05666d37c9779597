"""From shared options to opened evidence and checked filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ketcli.errors import InputError

if TYPE_CHECKING:
    from ketcli.cli.options import SelectionOptions
    from ketcli.evidence.filters import Filters
    from ketcli.evidence.load import Evidence
    from ketcli.terminal import Terminal


def open_evidence(location: str | None, terminal: Terminal) -> Evidence:
    """Open the bundled data, or the user's folder, file or standard input."""
    from ketcli.evidence.load import Evidence

    if location == "-" and terminal.stdin_is_terminal:
        raise InputError(
            "--data - reads standard input, but nothing is piped in",
            code="no-input",
            hint="pipe a CSV file in: ket rates --data - < my.csv",
        )
    return Evidence.open(location, terminal.environment)


def read_filters(evidence: Evidence, options: SelectionOptions) -> Filters:
    """Check the filters against the schema's codes and the studies and outcomes at hand."""
    from ketcli.evidence.filters import for_evidence

    return for_evidence(evidence, **{name: value for name, value in vars(options).items() if name != "data"})
