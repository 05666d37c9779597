"""Small checks of arguments; each returns clean arrays or raises ValueError with one clear sentence."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ketcli.stats.results import Array


def vector(name: str, values: ArrayLike) -> Array:
    """Return `values` as a one-dimensional float array; complain by `name` about any other shape."""
    array = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {array.shape}")
    return array


def same_length(**vectors: Array) -> int:
    """Return the common length k of the named vectors; all must agree and hold at least one study."""
    lengths = {name: array.size for name, array in vectors.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError("lengths differ: " + ", ".join(f"{n} has {k}" for n, k in lengths.items()))
    k = next(iter(lengths.values()))
    if k == 0:
        raise ValueError("no studies: " + ", ".join(lengths) + " are empty")
    return k


def counts(events: ArrayLike, total: ArrayLike) -> tuple[Array, Array]:
    """Return events and totals as float arrays; 0 <= events <= total, total > 0, all finite."""
    x, n = vector("events", events), vector("total", total)
    same_length(events=x, total=n)
    if not (np.isfinite(x).all() and np.isfinite(n).all()):
        raise ValueError("events and total must be finite numbers")
    if (n <= 0).any():
        raise ValueError(f"total must be positive (study {int(np.argmax(n <= 0)) + 1})")
    if ((x < 0) | (x > n)).any():
        raise ValueError(f"events must lie between 0 and total (study {int(np.argmax((x < 0) | (x > n))) + 1})")
    return x, n


def effects(yi: ArrayLike, vi: ArrayLike) -> tuple[Array, Array]:
    """Return effects and variances as float arrays; all finite, variances positive."""
    y, v = vector("yi", yi), vector("vi", vi)
    same_length(yi=y, vi=v)
    if not (np.isfinite(y).all() and np.isfinite(v).all()):
        raise ValueError("yi and vi must be finite: drop studies without an estimate first")
    if (v <= 0).any():
        raise ValueError(f"variances must be positive (study {int(np.argmax(v <= 0)) + 1})")
    return y, v


def fraction(name: str, value: float) -> float:
    """Return a number between 0 and 1 (exclusive)."""
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} must lie between 0 and 1, got {value}")
    return float(value)


def level(value: float) -> float:
    """Return a confidence level between 0 and 1 (exclusive)."""
    return fraction("level", value)


def one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """Return `value` when it is among `allowed`; name the choices otherwise."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {value!r}")
    return value
