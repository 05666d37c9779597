"""Many meta-analyses of one shape, arranged for repeated weighted fits; `least_squares.arrange` makes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ketcli.stats.numeric.roots import Rows
from ketcli.stats.results import Array


@dataclass(frozen=True, eq=False)
class Studies:
    """B meta-analyses of up to k studies, arranged for repeated weighted fits.

    Attributes:
        yi: shape (B, k), what the unweighted fit leaves (so that a shift of all effects costs no digits).
        vi: shape (B, k), sampling variances; 1 where a study is absent.
        columns: the p columns of the design, each of shape (B, k) or (1, k).
        present: shape (B, k), or None when every study takes part.
        k: shape (B,), number of studies taking part.
        origin: shape (B, p), coefficients of the unweighted fit.
        singular: shape (B,), True where the columns are dependent among the studies taking part.
        scatter: shape (B,), mean squared deviation of the effects from their plain mean.
    """

    yi: Array
    vi: Array
    columns: tuple[Array, ...]
    present: NDArray[np.bool_] | None
    k: Array
    origin: Array
    singular: NDArray[np.bool_]
    scatter: Array

    @property
    def df(self) -> Array:
        """Residual degrees of freedom k - p, shape (B,)."""
        return self.k - len(self.columns)

    def take(self, rows: Rows) -> Studies:
        """Return the meta-analyses numbered `rows` (repeats allowed)."""
        return Studies(
            yi=self.yi[rows],
            vi=self.vi[rows],
            columns=tuple(c if c.shape[0] == 1 else c[rows] for c in self.columns),
            present=None if self.present is None else self.present[rows],
            k=self.k[rows],
            origin=self.origin[rows],
            singular=self.singular[rows],
            scatter=self.scatter[rows],
        )
