"""How long a command takes as a process of its own, beside the barest program that does a comparable thing.

    python -m tests.benchmarks.startup [--runs N]

Pairs run in turn (A, B, A, B ...) after a warm-up, so that a machine that slows down slows both; what counts is
the ratio of each pair, and its median. `ket --help` stands beside a typer program with one command; the evidence
commands beside a Python process that imports pandas and reads the same tables. Processor time and peak memory are
the operating system's own account of each finished process. Writes startup.md beside this file.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ketcli.evidence.catalog import locate

HERE = Path(__file__).parent
BARE_TYPER = (
    "import typer\napp = typer.Typer()\n@app.command()\ndef main(name: str = 'x') -> None:\n    'Say.'\napp()"
)
TABLES = {
    "rates": ("studies", "arms", "outcomes"),
    "side-effects": ("studies", "arms", "outcomes", "side_effects"),
    "factors --age": ("studies", "arms", "factors"),
}
AIMS = {"--help": 1.5, "rates": 1.3, "side-effects": 1.3, "factors --age": 1.3}


@dataclass(frozen=True)
class Cost:
    """What one process cost: wall and processor seconds, peak memory in MB."""

    wall: float
    processor: float
    memory: float


def run(command: Sequence[str]) -> Cost:
    """Run a command, throw its output away, and return what it cost."""
    import time

    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {"COLUMNS": "100"}
    start = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024.0)


def pairs(ours: Sequence[str], other: Sequence[str], runs: int) -> list[tuple[Cost, Cost]]:
    """Return the costs of both commands, run in turn, the first pair not counted."""
    return [(run(ours), run(other)) for _ in range(runs + 1)][1:]


def reading(tables: Sequence[str]) -> str:
    """Return a program that imports pandas and reads these tables."""
    folder = locate(None, {}).path
    return "import pandas\n" + "\n".join(f"pandas.read_csv({str(folder / f'{t}.csv')!r})" for t in tables)  # type: ignore[operator]


def cases() -> dict[str, tuple[list[str], list[str]]]:
    """Return each of our commands with the one it stands beside."""
    ket = [sys.executable, "-m", "ketcli"]
    bare = [sys.executable, "-c"]
    beside = {"--help": ([*ket, "--help"], [*bare, BARE_TYPER, "--help"])}
    for words, tables in TABLES.items():
        beside[words] = ([*ket, *words.split(), "--format", "table"], [*bare, reading(tables)])
    return beside


def row(words: str, costs: Sequence[tuple[Cost, Cost]]) -> str:
    """Return one line of the table: median and range of the pairwise ratios, seconds and memory."""
    ratios = sorted(a.processor / b.processor for a, b in costs)
    spread = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    ours, other = ([pair[i] for pair in costs] for i in (0, 1))

    def middle(name: str, group: Sequence[Cost]) -> float:
        return statistics.median(getattr(cost, name) for cost in group)

    return (
        f"| `ket {words}` | {spread} | {AIMS[words]:.1f} "
        f"| {middle('processor', ours):.3f} / {middle('processor', other):.3f} "
        f"| {middle('wall', ours):.3f} / {middle('wall', other):.3f} "
        f"| {middle('memory', ours):.0f} / {middle('memory', other):.0f} |"
    )


def report(runs: int) -> str:
    """Run every case and return the Markdown page."""
    lines = [row(words, pairs(*commands, runs)) for words, commands in cases().items()]
    versions = ", ".join(f"{name} {version(name)}" for name in ("typer", "pandas", "numpy", "rich"))
    return "\n".join(
        (
            "# What a command costs",
            "",
            f"{runs} pairs each, run in turn; Python {platform.python_version()}, {versions}.",
            "Ratios are of processor time, pair by pair: median (lowest to highest). `ket --help` stands beside a",
            "typer program with one command, the others beside a process that imports pandas and reads the same",
            "tables. Made by `python -m tests.benchmarks.startup`; absolute seconds depend on the machine.",
            "",
            "| command | ratio | aim | processor s, ours / other | wall s, ours / other | peak MB, ours / other |",
            "| --- | --- | --- | --- | --- | --- |",
            *lines,
            "",
        )
    )


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    text = report(parser.parse_args().runs)
    (HERE / "startup.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
