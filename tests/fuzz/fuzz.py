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
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzz.inputs import SEEDS, folder, generate, more_seeds, mutate
from tests.fuzz.target import COMMANDS, FOLDER_COMMANDS, Outcome, Program

WATCHED = ("/ketcli/evidence/", "/ketcli/owndata/", "/ketcli/render/", "/ketcli/wording.py")
FITTING = {
    "flat": [words for words in COMMANDS if words[0] != "pool"],
    "pool": [words for words in COMMANDS if words[0] == "pool"],
    "wild": list(COMMANDS),
}
FOLDERS = 0.15  # share of runs on a folder of tables instead of a piped file
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


def run(runs: int, seed: int, progress: Any = None) -> tuple[Tally, Coverage, int]:
    """Try so many inputs; return what happened, the lines reached and how many inputs were kept for mutation."""
    rng = random.Random(seed)
    program, tally, coverage = Program(), Tally(), Coverage()
    place = Path(tempfile.mkdtemp(prefix="ket-fuzz-"))
    corpus = [(rng.choice(COMMANDS), seed) for seed in (*SEEDS, *more_seeds()) for _ in range(4)]
    for number in range(runs):
        if rng.random() < FOLDERS:
            arguments = rng.choice(FOLDER_COMMANDS)
            content = _lay(place, folder(rng))
        elif rng.random() < 0.5:
            kind, content = generate(rng)
            arguments = rng.choice(FITTING[kind])
        else:
            arguments, parent = rng.choice(corpus)
            content = mutate(rng, parent, [other for _, other in rng.sample(corpus, 2)])
            arguments = rng.choice(COMMANDS) if rng.random() < 0.2 else arguments
        traced = number < 500 or rng.random() < TRACED
        coverage.new = False
        before = sys.gettrace()
        if traced:
            sys.settrace(coverage.follow)
        try:
            words = [str(place) if word == "FOLDER" else word for word in arguments]
            outcome = program.run(words, content)
        finally:
            sys.settrace(before)
        if coverage.new and len(content) < 20_000 and "FOLDER" not in arguments:
            corpus.append((arguments, content))
        tally.add(arguments, content, outcome)
        if progress and number % 5000 == 4999:
            progress(number + 1, tally, coverage, len(corpus))
    shutil.rmtree(place)
    return tally, coverage, len(corpus)


def _lay(place: Path, files: dict[str, bytes]) -> bytes:
    """Put tables into a folder in place of those there; return them as one text, to be kept with a fault."""
    for old in place.iterdir():
        old.unlink()
    for name, content in files.items():
        (place / name).write_bytes(content)
    return b"".join(b"--- " + name.encode() + b"\n" + content for name, content in files.items())


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
