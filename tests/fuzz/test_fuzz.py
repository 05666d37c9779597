"""The fuzzer itself: a short run without a fault, and a fuzzer that would find one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ketcli.evidence.formats import anyfile
from tests.fuzz.fuzz import run
from tests.fuzz.inputs import SEEDS, generate, mutate
from tests.fuzz.target import Program, _judge


def test_a_short_run_finds_nothing() -> None:
    """A few hundred inputs on every push; README.md tells of the long run."""
    tally, coverage, kept = run(400, seed=20)
    assert [(fault, arguments) for fault, arguments, _ in tally.faults] == []
    assert set(tally.codes) == {0, 1, 2}
    # lines run at import count only where no earlier test imported the module; the rest are over a thousand
    assert len(coverage.seen) > 1000
    assert kept > len(SEEDS)


def test_a_fault_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that is no error of ours is reported with the input that led to it."""

    def broken(content: bytes, name: str) -> object:
        raise IndexError(name)

    monkeypatch.setattr("ketcli.evidence.check.read_any", broken)
    outcome = Program().run(("rates", "--data", "-", "--csv"), SEEDS[0])
    assert outcome.fault == "traceback: IndexError: standard input"
    assert anyfile.read_any(SEEDS[0], "t.csv").rows


@pytest.mark.parametrize(
    ("words", "code", "out", "err", "fault"),
    [
        (("rates", "--csv"), 0, "a,b\n1,2\n", "", ""),
        (("rates", "--csv"), 0, "a,b\n1\n", "", "rows of different lengths"),
        (("rates", "--csv"), 0, "a\n=1+1\n", "", "a cell that a spreadsheet would run"),
        (("rates", "--csv"), 0, "a\n\x1b[31m\n", "", "raw U+001B on standard output"),
        (("rates", "--csv"), 0, "a\n\u202e\n", "", "raw U+202E on standard output"),
        (("rates", "--format=json"), 0, "{", "", "unreadable answer"),
        (("rates", "--csv"), 3, "", "", "exit code 3"),
        (("rates", "--csv"), 1, "", "Traceback (most recent call last)", "traceback on standard error"),
        (("rates", "--csv"), 1, "a\n", "ket: error: x [y]", "an answer beside an error"),
        (("rates", "--csv"), 1, "", "boom", "an error without its line"),
        (("check", "-", "--csv"), 1, "a\n1\n", "", ""),
    ],
)
def test_judge_knows_a_fault(words: tuple[str, ...], code: int, out: str, err: str, fault: str) -> None:
    """What would be a fault is one, and nothing else is."""
    found = _judge(words, code, out, err)
    assert found.startswith(fault)
    assert bool(found) == bool(fault)


def test_inputs_are_the_same_for_the_same_seed() -> None:
    """A run can be repeated."""
    first, second = random.Random(5), random.Random(5)
    for _ in range(50):
        assert generate(first) == generate(second)
        assert mutate(first, SEEDS[0], SEEDS) == mutate(second, SEEDS[0], SEEDS)


FOUND = Path(__file__).parent / "found"


@pytest.mark.parametrize("name", sorted(path.stem for path in FOUND.glob("*.bin")))
def test_what_was_found_stays_mended(name: str) -> None:
    """Inputs that once led to a fault, with the command they led there by."""
    words = (FOUND / f"{name}.txt").read_text(encoding="utf-8").split()
    assert Program().run(words, (FOUND / f"{name}.bin").read_bytes()).fault == ""
