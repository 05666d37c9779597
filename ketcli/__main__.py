"""`python -m ketcli` and the `ket` command."""

from __future__ import annotations

import gc
import signal
import sys


def main() -> None:
    """Run the command line; a reader that goes away ends it quietly, Ctrl-C ends it with 130."""
    # a run lasts a second and keeps nearly all it makes until its end: looking for garbage takes a tenth of it
    gc.disable()
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        from ketcli.cli.app import app

        app(prog_name="ket")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
