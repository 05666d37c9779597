"""`python -m ketcli` and the `ket` command."""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Run the command line; a reader that goes away ends it quietly, Ctrl-C ends it with 130."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        from ketcli.cli.app import app

        app(prog_name="ket")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
