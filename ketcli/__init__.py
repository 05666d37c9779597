"""ket: what studies found on ketamine and esketamine in treatment-resistant depression.

The Python side of the command line: every function returns a pandas DataFrame with the columns of the
command's CSV, the notes in `frame.attrs["notes"]`. Importing the package costs nothing; pandas and the
statistics are loaded by the first call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "factors", "load", "pool", "rates", "side_effects", "studies"]

if TYPE_CHECKING:
    from ketcli.api import factors, load, pool, rates, side_effects, studies


def __getattr__(name: str) -> Any:
    """Import the API at the first use of one of its names."""
    if name in __all__:
        from ketcli import api

        return getattr(api, name)
    raise AttributeError(f"module 'ketcli' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
