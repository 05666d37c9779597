"""Feed generated and mutated files to the command line, keep those that reach new code, count what happens.

`python -m tests.fuzz.fuzz --runs 100000 --seed 1` writes its figures to standard output; faults go to a folder as
files with the command beside them, and end the program with 1.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any

from ketcli.evidence import starter
from tests.fuzz import writing
from tests.fuzz.inputs import SEEDS, folder, generate, more_seeds, mutate
from tests.fuzz.target import COMMANDS, FOLDER_COMMANDS, Outcome, Program

WATCHED = tuple(
    f"/ketcli/{place}"
    for place in ("evidence/", "owndata/", "entry/", "exports/", "render/", "figures/", "pages/", "wording.py")
)
FITTING = {
    "flat": [words for words in COMMANDS if words[0] != "pool"],
    "pool": [words for words in COMMANDS if words[0] == "pool"],
    "wild": list(COMMANDS),
}
FOLDERS = 0.12  # share of runs on a folder of tables instead of a piped file
ADDING = 0.04  # share of runs that add a study to a folder
WRITING = 0.03  # share of runs that write a picture, a page or another program's file: they cost time
TRACED = 0.1  # share of runs whose lines are followed: following them costs time


@dataclass
class Tally:
    """What happened so far."""

    codes: Counter[int] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    faults: list[tuple[str, tuple[str, ...], bytes]] = field(default_factory=list)

    def add(self, arguments: tuple[str, ...], content: bytes, outcome: Outcome) -> None:
        """Count one run."""
        self.codes[outcome.code] += 1
        self.commands[arguments[0] if not arguments[0].startswith("-") else "(none)"] += 1
        self.slowest = max(self.slowest, outcome.seconds)
        if outcome.reason:
            self.reasons[outcome.reason] += 1
        if outcome.fault:
            self.faults.append((outcome.fault, arguments, content))


class Coverage:
    """Lines of the reading path and the renderers that were reached."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, int]] = set()
        self.new = False

    def follow(self, frame: FrameType, event: str, _: Any) -> Any:
        """Trace calls into the watched code line by line."""
        if event == "call":
            name = frame.f_code.co_filename
            return self.follow if any(part in name for part in WATCHED) else None
        if event == "line":
            place = (frame.f_code.co_filename, frame.f_lineno)
            if place not in self.seen:
                self.seen.add(place)
                self.new = True
        return self.follow


@dataclass(frozen=True)
class Try:
    """One command, with the words FOLDER, SOUND and OUT for places, and what it is fed."""

    arguments: tuple[str, ...]
    content: bytes = b""
    tables: dict[str, bytes] | None = None

    @property
    def evidence(self) -> bytes:
        """Return what is to be kept of a fault."""
        tables = (self.tables or {}).items()
        return self.content + b"".join(b"--- " + name.encode() + b"\n" + table for name, table in tables)


def run(runs: int, seed: int, progress: Any = None) -> tuple[Tally, Coverage, int]:
    """Try so many inputs; return what happened, the lines reached and how many inputs were kept for mutation."""
    rng = random.Random(seed)
    program, tally, coverage = Program(), Tally(), Coverage()
    place = Path(tempfile.mkdtemp(prefix="ket-fuzz-"))
    _lay(place / "sound", starter.files())
    corpus = [(rng.choice(COMMANDS), seed) for seed in (*SEEDS, *more_seeds()) for _ in range(4)]
    for number in range(runs):
        attempt = _choose(rng, corpus)
        traced = number < 500 or rng.random() < TRACED
        outcome = _attempt(program, attempt, place, coverage if traced else None)
        if coverage.new and attempt.tables is None and len(attempt.content) < 20_000:
            corpus.append((attempt.arguments, attempt.content))
        coverage.new = False
        tally.add(attempt.arguments, attempt.evidence, outcome)
        if progress and number % 5000 == 4999:
            progress(number + 1, tally, coverage, len(corpus))
    shutil.rmtree(place)
    return tally, coverage, len(corpus)


def _choose(rng: random.Random, corpus: list[tuple[tuple[str, ...], bytes]]) -> Try:
    """Return what to try next."""
    kind, writes = rng.random(), rng.random() < WRITING
    if kind < ADDING:
        return Try(writing.adding(rng), tables=starter.files())
    if kind < ADDING + FOLDERS:
        return Try(rng.choice(writing.FOLDER_COMMANDS if writes else FOLDER_COMMANDS), tables=folder(rng))
    if rng.random() < 0.5:
        purpose, content = generate(rng)
        return Try(rng.choice(writing.COMMANDS if writes else FITTING[purpose]), content)
    arguments, parent = rng.choice(corpus)
    content = mutate(rng, parent, [other for _, other in rng.sample(corpus, 2)])
    return Try(rng.choice(COMMANDS) if rng.random() < 0.2 else arguments, content)


def _attempt(program: Program, attempt: Try, place: Path, coverage: Coverage | None) -> Outcome:
    """Run a command, follow its lines if asked to, judge what it wrote besides what it said, and tidy up."""
    tables, out = place / "tables", place / "out"
    _lay(tables, attempt.tables or {})
    out.mkdir()
    places = {"FOLDER": str(tables), "SOUND": str(place / "sound")}
    words = [places.get(word) or word.replace("OUT.", f"{out / 'out'}.") for word in attempt.arguments]
    before = sys.gettrace()
    if coverage:
        sys.settrace(coverage.follow)
    try:
        outcome = program.run(words, attempt.content)
    finally:
        sys.settrace(before)
    fault = outcome.fault
    if not fault and attempt.arguments[:3] == writing.ADD:
        fault = writing.judge_folder(attempt.tables or {}, tables, outcome.code)
    written = list(out.iterdir())
    if not fault and len(written) > (0 if outcome.code else 1):
        fault = "files left behind: " + ", ".join(sorted(path.suffix for path in written))
    fault = fault or next(filter(None, map(writing.judge_file, written)), "")
    shutil.rmtree(tables)
    shutil.rmtree(out)
    return replace(outcome, fault=fault)


def _lay(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=Path, default=Path("fuzz-faults"))
    options = parser.parse_args()
    begun = time.perf_counter()

    def progress(number: int, tally: Tally, coverage: Coverage, kept: int) -> None:
        spent = time.perf_counter() - begun
        line = f"{number} runs, {spent:.0f} s, {len(coverage.seen)} lines, {kept} kept, {len(tally.faults)} faults"
        sys.stderr.write(line + "\n")

    tally, coverage, kept = run(options.runs, options.seed, progress)
    spent = time.perf_counter() - begun
    print(f"{options.runs} runs (seed {options.seed}) in {spent:.0f} s, {options.runs / spent:.0f} a second")
    print(f"{len(coverage.seen)} lines reached, {kept} inputs kept, slowest run {tally.slowest:.2f} s")
    print("exit codes:", ", ".join(f"{code}: {times}" for code, times in sorted(tally.codes.items())))
    print("commands:", ", ".join(f"{name}: {times}" for name, times in tally.commands.most_common()))
    print("errors:", ", ".join(f"{name}: {times}" for name, times in tally.reasons.most_common()))
    print(f"faults: {len(tally.faults)}")
    for number, (fault, arguments, content) in enumerate(tally.faults[:200]):
        options.faults.mkdir(exist_ok=True)
        (options.faults / f"{number:04}.bin").write_bytes(content)
        (options.faults / f"{number:04}.txt").write_text(f"{fault}\n{' '.join(arguments)}\n", encoding="utf-8")
    for fault, times in Counter(
        f"{arguments[0]}: {fault[:140]}" for fault, arguments, _ in tally.faults
    ).most_common(30):
        print(f"  {times} x {fault}")
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
