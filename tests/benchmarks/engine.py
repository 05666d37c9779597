"""Speed of pooling beside statsmodels, PyMARE and metafor, where they are installed; writes engine.md.

Programs run in turns, round by round, and every number is the ratio of two times from one round, so that what
else the machine does cancels. Run from the project root: python -m tests.benchmarks.engine [--quick]
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.benchmarks.programs import (
    Array,
    Metafor,
    Program,
    has_metafor,
    ket_batch,
    ket_single,
    pymare,
    python,
    statsmodels,
)

OUTPUT = Path(__file__).with_suffix(".md")
SEED, STUDIES, MANY, TAU2 = 20240117, 10, 10_000, 0.05
ROUNDS, REPEATS, LOOPED = 21, 30, 500
METHODS = ("DL", "PM", "REML")
BATCH, SINGLE = "ket, all at once", "ket, one by one"

COLD = {
    "ket": "from ketcli.stats.pooling import random_effects; random_effects({y}, {v})",
    "statsmodels": "import numpy as np; from statsmodels.stats.meta_analysis import combine_effects; "
    "combine_effects(np.array({y}), np.array({v}), method_re='chi2').summary_frame()",
    "PyMARE": "import numpy as np; from pymare import Dataset; from pymare.estimators import DerSimonianLaird; "
    "DerSimonianLaird().fit_dataset(Dataset(np.array({y}), np.array({v}))).summary()",
}


def simulate() -> tuple[Array, Array]:
    """Return effects and variances of MANY meta-analyses."""
    rng = np.random.default_rng(SEED)
    vi = rng.uniform(0.01, 0.2, (MANY, STUDIES))
    return 0.3 + rng.standard_normal(vi.shape) * np.sqrt(TAU2 + vi), vi


def rounds(contenders: dict[Program, int], *, same: bool, count: int) -> dict[Program, list[float]]:
    """Time every contender once a round, the first one moving on, in seconds per fit."""
    order = list(contenders)
    seconds: dict[Program, list[float]] = {program: [] for program in order}
    for program in order:
        program.timed(min(3, contenders[program]), same)
    for turn in range(count):
        shift = turn % len(order)
        for program in order[shift:] + order[:shift]:
            seconds[program].append(program.timed(contenders[program], same)[0] / contenders[program])
    return seconds


def ratio(times: list[float], base: list[float]) -> str:
    """Return the median of the ratios of one round, with the middle half of them."""
    ratios = [mine / theirs for mine, theirs in zip(times, base, strict=True)]
    low, middle, high = (figure(value) for value in statistics.quantiles(ratios, n=4))
    return f"{middle} ({low} to {high})"


def figure(value: float) -> str:
    """Return three significant figures without an exponent."""
    return f"{value:.3g}" if value < 1000.0 else f"{float(f'{value:.3g}'):,.0f}"


def table(cells: dict[tuple[str, str], str], header: str) -> list[str]:
    """Return a markdown table of programs by methods, in the order they came."""
    names = list(dict.fromkeys(name for name, _ in cells))
    rows = [f"| {header} | " + " | ".join(METHODS) + " |", "| --- " * (1 + len(METHODS)) + "|"]
    return rows + [f"| {n} | " + " | ".join(cells.get((n, m), "") for m in METHODS) + " |" for n in names]


def compare(contenders: list[tuple[Program, int]], base: str, *, same: bool, count: int) -> list[str]:
    """Return the table of ratios to the program called `base`, method by method."""
    cells: dict[tuple[str, str], str] = {}
    for method in METHODS:
        chosen = {program: fits for program, fits in contenders if program.method == method}
        seconds = rounds(chosen, same=same, count=count)
        reference = next(times for program, times in seconds.items() if program.name == base)
        for program, times in seconds.items():
            cells[program.name, method] = "1" if program.name == base else ratio(times, reference)
    return table(cells, f"time per fit, {base} = 1")


def agreement(programs: list[Program], fits: int) -> list[str]:
    """Return the largest difference in tau² from ket over the first `fits` meta-analyses."""
    reference = {p.method: p.timed(fits, False)[1] for p in programs if p.name == SINGLE}
    others = [program for program in programs if program.name != SINGLE]
    cells: dict[tuple[str, str], str] = {}
    for program in others:
        tau2 = program.timed(fits, False)[1]
        failed = int(np.isnan(tau2).sum())
        worst = np.nanmax(np.abs(tau2 - reference[program.method]))
        cells[program.name, program.method] = f"{worst:.0e}" + (f", {failed} failed" if failed else "")
    return table(cells, "largest difference in tau²")


def cold_starts(count: int) -> list[str]:
    """Return the ratio of whole processes that import a program and pool once."""
    yi, vi = (values[0].tolist() for values in simulate())
    commands = {name: [sys.executable, "-c", code.format(y=yi, v=vi)] for name, code in COLD.items()}
    needs = {"statsmodels": "statsmodels", "PyMARE": "pymare"}
    commands = {n: c for n, c in commands.items() if n not in needs or importlib.util.find_spec(needs[n])}
    if has_metafor():
        vectors = [f"c({', '.join(map(str, values))})" for values in (yi, vi)]
        code = f"suppressMessages(library(metafor)); invisible(rma({vectors[0]}, {vectors[1]}))"
        commands["metafor"] = ["Rscript", "-e", code]
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(-1, count):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            if turn >= 0:
                seconds[name].append(time.perf_counter() - start)
    rows = ["| process that imports and pools once | time, ket = 1 |", "| --- | --- |"]
    return rows + [f"| {n} | {'1' if n == 'ket' else ratio(t, seconds['ket'])} |" for n, t in seconds.items()]


def versions(metafor: bool) -> str:
    """Return what was measured."""
    found = [f"Python {sys.version.split()[0]}"]
    libraries = [n for n in ("numpy", "scipy", "statsmodels", "PyMARE") if importlib.util.find_spec(n.lower())]
    found += [f"{name} {importlib.metadata.version(name)}" for name in libraries]
    if metafor:
        code = "cat(paste0('R ', getRversion(), ', metafor ', packageVersion('metafor')))"
        found.append(subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True).stdout)
    return ", ".join(found)


def report(quick: bool) -> str:
    """Measure everything and return the page."""
    yi, vi = simulate()
    turns, looped = (3, 50) if quick else (ROUNDS, LOOPED)
    with tempfile.TemporaryDirectory() as folder:
        worker = Metafor(yi, vi, Path(folder)) if has_metafor() else None
        single: list[Program] = []
        batch: list[tuple[Program, int]] = []
        for method in METHODS:
            batch += [(p, MANY) for p in python(BATCH, method, ket_batch(method), yi, vi)]
            single += python(SINGLE, method, ket_single(method), yi, vi)
            single += python("statsmodels", method, statsmodels(method), yi, vi)
            single += python("PyMARE", method, pymare(method, at_once=False), yi, vi)
            at_once = pymare(method, at_once=True)
            batch += [(p, MANY) for p in python("PyMARE, all at once", method, at_once, yi, vi)]
            if worker is not None:
                single.append(Program("metafor", method, lambda n, same, m=method: worker.ask(m, n, same)))
        one_fit = compare([(program, REPEATS) for program in single], SINGLE, same=True, count=turns)
        loops = [(program, looped) for program in single if program.name != "PyMARE"]
        many = compare(batch + loops, BATCH, same=False, count=max(3, turns // 3))
        alike = agreement(single, looped)
        if worker is not None:
            worker.close()
    lines = [
        "# Speed of the engine",
        "",
        f"Meta-analyses of {STUDIES} studies, tau² {TAU2:g}. Programs take turns; each number is the median over",
        "rounds of one program's time divided by ket's in the same round, with the middle half of the rounds.",
        "Above 1 is slower than ket. An empty cell is a method the program does not have. Made by",
        "`python -m tests.benchmarks.engine` with",
        f"{versions(worker is not None)}.",
        "",
        "## One meta-analysis, already imported",
        "",
        "ket's pooled line holds the interval, Q, I² and the prediction interval, metafor's nearly as much;",
        "statsmodels and PyMARE were asked for an interval, and statsmodels for Q.",
        "",
        *one_fit,
        "",
        f"## {MANY:,} meta-analyses",
        "",
        f"ket solves all as arrays. Programs that go one by one were timed over the first {looped}; all times are",
        "per fit.",
        "",
        *many,
        "",
        "## From a cold start",
        "",
        *cold_starts(3 if quick else 11),
        "",
        "## The same answers",
        "",
        f"Over {looped} meta-analyses. DL is a formula; PM and REML are iterated, and the others stop sooner.",
        "statsmodels leaves DL below zero where Q is smaller than its degrees of freedom; the rest cut it at zero.",
        "Failed: no answer with the program's own settings.",
        "",
        *alike,
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark and write its page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, printed, not written")
    quick = parser.parse_args().quick
    page = report(quick)
    if quick:
        print(page)
    else:
        OUTPUT.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
