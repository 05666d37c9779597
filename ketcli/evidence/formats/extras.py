"""Libraries that only some formats need: loaded when asked for, with the command that installs what is missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ketcli.errors import InputError


def need(module: str, extra: str, purpose: str) -> Any:
    """Return a module; InputError `missing-extra` that names the extra of this package which brings it."""
    try:
        return import_module(module)
    except ImportError:
        library = module.partition(".")[0]
        raise InputError(
            f"{purpose} needs the library {library}, which is not installed",
            code="missing-extra",
            hint=f"pip install 'ketcli[{extra}]'",
        ) from None
