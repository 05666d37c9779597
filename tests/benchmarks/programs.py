"""The programs the engine is timed against: each pools rows of effects and says how long that took."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ketcli.stats.batch import solve_many
from ketcli.stats.pooling import random_effects

Array = NDArray[np.float64]
Run = Callable[[Array, Array], Array]
"""Pool the rows of yi and vi, shape (B, k); return tau² per row, shape (B,)."""

METAFOR = r"""
suppressMessages(library(metafor))
folder <- commandArgs(TRUE)[1]
yi <- as.matrix(read.csv(file.path(folder, "yi.csv"), header = FALSE))
vi <- as.matrix(read.csv(file.path(folder, "vi.csv"), header = FALSE))
input <- file("stdin", "r")
while (length(line <- readLines(input, 1)) > 0) {
  words <- strsplit(line, " ")[[1]]
  rows <- if (words[3] == "same") rep(1, as.integer(words[2])) else seq_len(as.integer(words[2]))
  start <- Sys.time()
  pool <- function(i) tryCatch(rma(yi[i, ], vi[i, ], method = words[1])$tau2, error = function(e) NA_real_)
  tau2 <- vapply(rows, pool, 0)
  seconds <- as.numeric(difftime(Sys.time(), start, units = "secs"))
  cat(format(c(seconds, tau2), digits = 15), "\n")
  flush(stdout())
}
"""


@dataclass(frozen=True)
class Program:
    """One program and method: `timed` pools rows (or the first row again and again) and gives seconds and tau²."""

    name: str
    method: str
    timed: Callable[[int, bool], tuple[float, Array]]


class Metafor:
    """An R process that waits for orders, so that its start is not counted."""

    def __init__(self, yi: Array, vi: Array, folder: Path) -> None:
        for name, values in (("yi", yi), ("vi", vi)):
            np.savetxt(folder / f"{name}.csv", values, delimiter=",", fmt="%.17g")
        (folder / "pool.R").write_text(METAFOR, encoding="utf-8")
        command = ["Rscript", str(folder / "pool.R"), str(folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, method: str, count: int, same: bool) -> tuple[float, Array]:
        """Return R's own seconds and tau² for `count` fits."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{method} {count} {'same' if same else 'all'}\n")
        self.process.stdin.flush()
        seconds, *tau2 = (float(word.replace("NA", "nan")) for word in self.process.stdout.readline().split())
        return seconds, np.array(tau2)

    def close(self) -> None:
        """Let the process end."""
        self.process.communicate()


def ket_single(method: str) -> Run:
    """Pool row by row, each with everything a pooled line holds."""
    return lambda yi, vi: np.array([random_effects(y, v, tau2=method).tau2 for y, v in zip(yi, vi, strict=True)])


def ket_batch(method: str) -> Run:
    """Pool all rows as arrays."""
    return lambda yi, vi: solve_many(yi, vi, tau2=method, test="adhoc").tau2


def statsmodels(method: str) -> Run | None:
    """Row by row; statsmodels has DL ("chi2") and PM ("iterated")."""
    if importlib.util.find_spec("statsmodels") is None or method == "REML":
        return None
    from statsmodels.stats.meta_analysis import combine_effects

    rule = {"DL": "chi2", "PM": "iterated"}[method]

    def fit(y: Array, v: Array) -> float:
        line = combine_effects(y, v, method_re=rule)
        line.conf_int()
        line.test_homogeneity()
        return float(line.tau2)

    def run(yi: Array, vi: Array) -> Array:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.array([fit(y, v) for y, v in zip(yi, vi, strict=True)])

    return run


def pymare(method: str, *, at_once: bool) -> Run | None:
    """Row by row, or all rows as the parallel datasets of PyMARE; it has DL and REML."""
    if importlib.util.find_spec("pymare") is None or method == "PM":
        return None
    from pymare import Dataset
    from pymare.estimators import DerSimonianLaird, VarianceBasedLikelihoodEstimator

    def fit(yi: Array, vi: Array) -> Array:
        estimator = DerSimonianLaird() if method == "DL" else VarianceBasedLikelihoodEstimator(method="REML")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            line = estimator.fit_dataset(Dataset(yi.T, vi.T)).summary()
            line.get_fe_stats()
            return np.ravel(line.tau2)

    if at_once:
        return fit
    return lambda yi, vi: np.concatenate([fit(y[None], v[None]) for y, v in zip(yi, vi, strict=True)])


def python(name: str, method: str, run: Run | None, yi: Array, vi: Array) -> list[Program]:
    """Wrap a Python contender with a clock; nothing when it is not installed or lacks the method."""
    if run is None:
        return []

    def timed(count: int, same: bool) -> tuple[float, Array]:
        rows = (
            (np.repeat(yi[:1], count, axis=0), np.repeat(vi[:1], count, axis=0))
            if same
            else (yi[:count], vi[:count])
        )
        start = time.perf_counter()
        tau2 = run(*rows)
        return time.perf_counter() - start, tau2

    return [Program(name, method, timed)]


def has_metafor() -> bool:
    """Whether Rscript and metafor are installed."""
    if shutil.which("Rscript") is None:
        return False
    return subprocess.run(["Rscript", "-e", "library(metafor)"], capture_output=True, check=False).returncode == 0
