"""A picture's SVG made fit for a page: its own names for ids, the page's colours, nothing that runs or fetches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from colorsys import hls_to_rgb, rgb_to_hls
from xml.etree import ElementTree

from markupsafe import Markup

from ketcli.figures.drawing import style

# Points of a picture in pixels of a page: its small type is then that of the tables.
PIXELS = 1.35
EDGE = 0.5  # what a line at the very edge needs
# Lightness and saturation, 0-1: from where a colour is pale, up to where it is a grey, what dark paper wants.
PALE, GREY, LIGHTER, DARKEST = 0.75, 0.2, 0.68, 0.12
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
# Colours of pictures by the name that the page has for them.
COLOURS: Mapping[str, str] = {
    style.INK: "ink",
    style.MUTED: "muted",
    style.RULE: "rule",
    style.FAINT: "faint",
    style.STUDY: "study",
    style.POOLED: "pooled",
    style.SUBGROUP: "subgroup",
    style.PAPER: "paper",
}


def inline(svg: str, prefix: str) -> Markup:
    """Return SVG text to put into a page; `prefix` keeps its ids apart from those of other pictures.

    It is as wide as its letters want to be. Only shapes and text stay: scripts, styles, metadata, event attributes
    and addresses are dropped. Raises ElementTree.ParseError for text that is not well formed, KeyError without a
    viewBox.
    """
    root = ElementTree.fromstring(svg)
    used = {name for node in root.iter() for name in _references(node)}
    _clean(root, prefix, used)
    left, top, width, height = (float(number) for number in root.attrib["viewBox"].split())
    # the margin of paper would set the picture in from the texts above it; what is no wider has none
    shift = style.MARGIN - EDGE if width > 2 * style.MARGIN else 0.0
    root.attrib["viewBox"] = f"{left + shift:g} {top:g} {width - shift:g} {height:g}"
    root.attrib["width"] = f"{(width - shift) * PIXELS:.0f}"
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
    return local, _COLOUR.sub(lambda m: _themed(m[0]), value) if local == "style" else value


def _themed(colour: str) -> str:
    """Return a colour for both papers: by its name, or beside its counterpart on dark paper.

    Greys and pale tints change sides, other colours become somewhat lighter.
    """
    if name := COLOURS.get(colour.lower()):
        return f"var(--{name})"
    hue, light, depth = rgb_to_hls(*(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)))
    mirrored = min(DARKEST + 1.3 * (1.0 - light), 0.9)
    dark = mirrored if light > PALE or depth < GREY else max(light, (light + LIGHTER) / 2)
    other = "".join(f"{round(255 * part):02x}" for part in hls_to_rgb(hue, dark, depth))
    return f"light-dark({colour.lower()}, #{other})"


def _local(name: str) -> str:
    return name.rpartition("}")[2]
