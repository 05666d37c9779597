"""`python -m ketcli` and the `ket` command."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress


def main() -> None:
    """Run the command line; a reader that goes away ends it quietly, Ctrl-C ends it with 130."""
    # a run lasts a second and keeps nearly all it makes until its end: looking for garbage takes a tenth of it
    gc.disable()
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    _open_closed_streams()
    try:
        try:
            from ketcli.cli.app import app

            app(prog_name="ket")
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        if error.filename is not None:  # a file, not one of the streams: no mistake of the shell's
            raise
        sys.exit(_tell_unwritable(error))


def _open_closed_streams() -> None:
    """Put something where the shell closed a stream (`>&-`): Python leaves None there, which nothing can use.

    Standard output gets a stream that cannot be written, so that an answer with nowhere to go is a failure as on
    a full disk; what goes to standard error is dropped.
    """
    for name, mode, access in (
        ("stdin", "r", os.O_RDONLY),
        ("stdout", "w", os.O_RDONLY),
        ("stderr", "w", os.O_WRONLY),
    ):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, access), mode, encoding="utf-8"))


def _tell_unwritable(error: OSError) -> int:
    """Say that a stream cannot be written, keep the end of the process from trying again, return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
            continue
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    with suppress(OSError):
        sys.stderr.write(
            f"ket: error: standard output cannot be written: {error.strerror or error} [cannot-write]\n"
        )
        sys.stderr.flush()
    return 1


if __name__ == "__main__":
    main()
