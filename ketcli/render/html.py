"""HTML: one self-contained page of one table or of many, with its style and script inside and nothing fetched."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ketcli import __version__
from ketcli.document import Chapter, Document, Entry
from ketcli.render.inline import inline
from ketcli.render.sheet import Sheet, lay_out
from ketcli.report import Report
from ketcli.wording import one_line, visible


@dataclass(frozen=True)
class Ready:
    """An entry as the template takes it: the table laid out, pictures as (drawing, caption)."""

    sheet: Sheet
    command: str
    pictures: tuple[tuple[Markup, str], ...]
    folded: bool


def render(report: Report) -> str:
    """Return the page of a single report."""
    chapter = Chapter("table", "", "", (Entry(report),))
    return render_document(Document(one_line(report.title), (), (chapter,), data_version=report.data_version))


def render_document(document: Document) -> str:
    """Return the page of a document; the same document makes the same bytes."""
    chapters = [
        (chapter, [_ready(chapter, i) for i in range(len(chapter.entries))]) for chapter in document.chapters
    ]
    script = _file("script.js")
    page = _environment().get_template("page.html")
    text = page.render(
        document=document,
        chapters=chapters,
        version=__version__,
        style=Markup(_file("style.css") + _columns(entry.sheet for _, entries in chapters for entry in entries)),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    return text.strip() + "\n"


def _ready(chapter: Chapter, index: int) -> Ready:
    entry = chapter.entries[index]
    pictures = tuple(
        (inline(picture.svg, f"{chapter.name}-{index + 1}-{number}-"), picture.caption)
        for number, picture in enumerate(entry.pictures, 1)
    )
    return Ready(lay_out(entry.report), entry.command, pictures, entry.folded)


def _environment() -> Environment:
    """Return the templates' environment: everything is escaped, control characters shown, a wrong name an error."""
    return Environment(
        loader=PackageLoader("ketcli", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: visible(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _file(name: str) -> str:
    return resources.files("ketcli.pages").joinpath(name).read_text(encoding="utf-8")


def _columns(sheets: Iterable[Sheet]) -> str:
    """Return the rules by which columns give way: each is hidden below its width unless all are asked for.

    The switch for all columns goes where all of them fit.
    """
    used = list(sheets)
    needs = sorted({head.need for sheet in used for head in sheet.heads if head.need})
    widest = sorted({sheet.widest for sheet in used})
    narrow = ".sheet:not(:has(.all:checked)) .c"
    hidden = [f"@container (width < {n}ch) {{ {narrow}{n} {{ display: none; }} }}\n" for n in needs]
    return "".join(hidden + [f"@container (width >= {n}ch) {{ .a{n} {{ display: none; }} }}\n" for n in widest])
