"""Words that decide what an arm or a row is; every other word decides nothing."""

from __future__ import annotations

import pytest

from ketcli.naming.words import crossover_of, part_of, part_of_name


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        *(("design", "rct-crossover", "crossover"), ("Study design", "Cross-over RCT", "crossover")),
        *(
            ("design", "cohort", ""),
            ("design", "1", ""),
            ("period", "1", "first-period"),
            ("period", "2", "second-period"),
        ),
        *(("period", "pooled", "pooled-periods"), ("period", "1990-2000", ""), ("crossover", "yes", "crossover")),
        *(("crossover", "no", ""), ("crossover", "0", ""), ("crossover", "1", "crossover"), ("crossover", "", "")),
        *(("crossover", "first-period", "first-period"), ("crossover", "pooled periods", "pooled-periods")),
    ],
)
def test_crossovers(column: str, cell: str, said: str) -> None:
    assert crossover_of(column, cell) == said


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ("active", "active"),
        ("Experimental", "active"),
        ("CONTROL", "control"),
        ("placebo", "control"),
        ("other", ""),
    ],
)
def test_roles(word: str, part: str) -> None:
    assert part_of(word) == part


@pytest.mark.parametrize(
    ("name", "part"),
    [
        *(("Placebo (saline)", "control"), ("control", "control"), ("Waitlist", "control"), ("midazolam", "")),
        *(("esketamine + placebo tablets", ""), ("ketamine", "")),
    ],
)
def test_arms_that_can_only_be_controls(name: str, part: str) -> None:
    assert part_of_name(name) == part
