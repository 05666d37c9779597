"""What a page is made of: reports in chapters, each with the command that repeats it; data, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass

from ketcli.report import Fact, Report


@dataclass(frozen=True)
class Picture:
    """A drawing beside a table: SVG text, and what it shows for those who cannot see it."""

    svg: str
    caption: str


@dataclass(frozen=True)
class Entry:
    """One report of a chapter, the command that prints it, its pictures; `folded` ones open on request.

    `drawn` is the report whose picture stands here, where that is another one.
    """

    report: Report
    command: str = ""
    pictures: tuple[Picture, ...] = ()
    folded: bool = False
    drawn: Report | None = None


@dataclass(frozen=True)
class Chapter:
    """One question of the page: `name` is its anchor, `lead` the sentences under its title."""

    name: str
    title: str
    lead: str
    entries: tuple[Entry, ...]
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Document:
    """A page: its title, what it is, the chapters, which data they rest on and how to make it again."""

    title: str
    about: tuple[str, ...]
    chapters: tuple[Chapter, ...]
    data_version: str = ""
    command: str = ""
    date: str = ""
