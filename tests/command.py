"""Run `ket` in a test: inside this process for speed, or as a real process for pipes, signals and imports."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from unittest import mock

# What a test's environment may not leak into the program: colour, width and format decide what it prints.
NEUTRAL = {
    "COLUMNS": "80",
    "LINES": "40",
    "TERM": "xterm-256color",
    "PYTHONUTF8": "1",
    "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
}


@dataclass(frozen=True)
class Result:
    """What a run left: exit code, standard output and standard error."""

    code: int
    out: str
    err: str


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return a clean environment for a run: the essentials, neutral display settings, and `extra`."""
    kept = {k: os.environ[k] for k in ("PATH", "HOME", "TMPDIR", "SYSTEMROOT", "LANG") if k in os.environ}
    return {**kept, **NEUTRAL, **(extra or {})}


class _Stream(io.TextIOWrapper):
    """A text stream over bytes that says whether it is a terminal."""

    def __init__(self, data: bytes = b"", *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8", newline="", write_through=True)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def text(self) -> str:
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode("utf-8")


def ket(
    *arguments: str,
    stdin: bytes | None = None,
    terminal: bool = False,
    env: Mapping[str, str] | None = None,
) -> Result:
    """Run the command line in this process; `terminal` makes standard output a terminal; no stdin is a terminal."""
    from ketcli.cli.app import app

    out, err = _Stream(terminal=terminal), _Stream(terminal=terminal)
    source = _Stream(stdin or b"", terminal=stdin is None)
    with (
        mock.patch.object(sys, "stdout", out),
        mock.patch.object(sys, "stderr", err),
        mock.patch.object(sys, "stdin", source),
        mock.patch.dict(os.environ, environment(env), clear=True),
    ):
        try:
            app(args=list(arguments), prog_name="ket")
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
    return Result(code, out.text(), err.text())


def process(
    *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None, shell: str = ""
) -> Result:
    """Run `python -m ketcli` as a process of its own; `shell` is a pipeline in which $KET stands for it."""
    command = [sys.executable, "-m", "ketcli", *arguments]
    scrubbed = environment(env)
    if shell:
        scrubbed["KET"] = f"{sys.executable} -m ketcli"
        command = ["bash", "-c", "set -o pipefail; " + shell]
    done = subprocess.run(command, input=stdin or b"", capture_output=True, env=scrubbed, check=False, timeout=120)
    return Result(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
