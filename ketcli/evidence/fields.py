"""The words a table is described with: Field, ForeignKey, Table, and a constructor for each type of field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as _field
from typing import Any, Literal

FieldType = Literal["text", "number", "integer", "code", "flag", "id", "url"]

NUMERIC_TYPES = frozenset({"number", "integer", "flag"})
ID_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]*"
SLUG_PATTERN = r"[a-z0-9][a-z0-9./+-]*"
URL_PATTERN = r"https?://[A-Za-z0-9.-]+\.[A-Za-z]{2,}(:\d+)?([/?#]\S*)?"


@dataclass(frozen=True)
class Field:
    """One column: its type, unit and meaning, and what a cell may hold.

    An empty cell is a missing value and allowed unless `required`. `codes` maps each allowed value to its
    meaning. `pattern` must match the whole cell, or each part of it when `list_of` names the separator of
    a list. `minimum` and `maximum` are inclusive.
    """

    name: str
    type: FieldType
    description: str
    unit: str = ""
    codes: Mapping[str, str] | None = _field(default=None, hash=False)
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    list_of: str = ""

    @property
    def numeric(self) -> bool:
        """Whether the column is loaded as numbers (flags included) instead of text."""
        return self.type in NUMERIC_TYPES

    def but(self, **changes: Any) -> Field:
        """Return the same field with some properties changed."""
        return replace(self, **changes)


@dataclass(frozen=True)
class ForeignKey:
    """Columns that name a row of another table; a reference with an empty last column refers to nothing."""

    fields: tuple[str, ...]
    table: str
    reference: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One CSV file: what a row is, which columns tell rows apart, and what each column holds."""

    name: str
    title: str
    description: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns in file order."""
        return tuple(f.name for f in self.fields)

    def field(self, name: str) -> Field:
        """Return the field called `name`; KeyError when there is none."""
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise KeyError(name)


def text(name: str, description: str, **properties: Any) -> Field:
    """Describe a column of words."""
    return Field(name, "text", description, **properties)


def slug(name: str, description: str, **properties: Any) -> Field:
    """Describe a column of short lower-case names joined by hyphens, from an open list."""
    return Field(name, "text", description, pattern=SLUG_PATTERN, **properties)


def number(name: str, description: str, **properties: Any) -> Field:
    """Describe a column of decimal numbers."""
    return Field(name, "number", description, **properties)


def integer(name: str, description: str, **properties: Any) -> Field:
    """Describe a column of whole numbers."""
    return Field(name, "integer", description, **properties)


def code(name: str, codes: Mapping[str, str], description: str, **properties: Any) -> Field:
    """Describe a column whose values come from a closed list."""
    return Field(name, "code", description, codes=codes, **properties)


def flag(name: str, description: str, **properties: Any) -> Field:
    """Describe a column of 1 (yes) and 0 (no)."""
    return Field(name, "flag", description, minimum=0, maximum=1, **properties)


def identifier(name: str, description: str, **properties: Any) -> Field:
    """Describe a column that names a row of this or another table."""
    return Field(name, "id", description, pattern=ID_PATTERN, **properties)


def url(name: str, description: str, **properties: Any) -> Field:
    """Describe a column of web addresses."""
    return Field(name, "url", description, pattern=URL_PATTERN, **properties)
