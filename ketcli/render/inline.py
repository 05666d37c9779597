"""A picture's SVG made fit for a page: its own names for ids, the page's colours, nothing that runs or fetches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree

from markupsafe import Markup

from ketcli.figures import style

XLINK = "{http://www.w3.org/1999/xlink}href"
# What drawings are made of; anything else (scripts, foreign content, metadata, links) is left out.
_ALLOWED = frozenset(
    (
        *("svg", "g", "defs", "title", "desc", "clipPath", "use", "text", "tspan"),
        *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon"),
    )
)
_REFERENCE = re.compile(r"url\(\s*#([\w.-]+)\s*\)")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
# Colours of pictures by the name that the page has for them; the others are dark and light enough for both papers.
COLOURS: Mapping[str, str] = {
    style.INK: "ink",
    style.MUTED: "muted",
    style.RULE: "rule",
    style.FAINT: "faint",
    style.STUDY: "study",
    style.POOLED: "pooled",
    style.SUBGROUP: "subgroup",
    style.PAPER: "paper",
    "#444444": "ink",
}


def inline(svg: str, prefix: str) -> Markup:
    """Return SVG text to put into a page; `prefix` keeps its ids apart from those of other pictures.

    Only shapes and text stay: scripts, styles, metadata, event attributes and addresses are dropped. Raises
    ElementTree.ParseError for text that is not well formed.
    """
    root = ElementTree.fromstring(svg)
    used = {name for node in root.iter() for name in _references(node)}
    _clean(root, prefix, used)
    root.attrib.pop("width", None)
    root.attrib.pop("height", None)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _references(node: ElementTree.Element) -> set[str]:
    """Return the ids that an element's attributes point to."""
    named = {found for value in node.attrib.values() for found in _REFERENCE.findall(value)}
    return named | {v[1:] for k, v in node.attrib.items() if k in (XLINK, "href") and v.startswith("#")}


def _clean(node: ElementTree.Element, prefix: str, used: set[str]) -> None:
    node.tag = _local(node.tag)
    node.attrib = dict(filter(None, (_attribute(k, v, prefix, used) for k, v in node.attrib.items())))
    node.tail = None
    if node.tag not in ("text", "tspan", "title", "desc"):
        node.text = None
    for child in list(node):
        if not isinstance(child.tag, str) or _local(child.tag) not in _ALLOWED:
            node.remove(child)
            continue
        tail = child.tail
        _clean(child, prefix, used)
        child.tail = tail if node.tag in ("text", "tspan") else None


def _attribute(name: str, value: str, prefix: str, used: set[str]) -> tuple[str, str] | None:
    """Return an attribute as the page has it, None for one that it does not need or must not have."""
    local = _local(name)
    if local.startswith("on") or local in ("version", "class"):
        return None
    if local == "id":
        return ("id", prefix + value) if value in used else None
    if local == "href":
        return ("href", f"#{prefix}{value[1:]}") if value.startswith("#") else None
    value = _REFERENCE.sub(rf"url(#{prefix}\1)", value)
    if re.search(r"url\(\s*[^#]|expression|@import", value):
        return None
    return local, _COLOUR.sub(lambda m: _named(m[0]), value) if local == "style" else value


def _named(colour: str) -> str:
    name = COLOURS.get(colour.lower())
    return f"var(--{name})" if name else colour


def _local(name: str) -> str:
    return name.rpartition("}")[2]
