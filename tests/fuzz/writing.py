"""Commands that write: pictures, pages, other programs' files, new studies; and what their files may not hold."""

from __future__ import annotations

import random
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

from ketcli.evidence.check import check_folder
from ketcli.evidence.rules import errors_among
from tests.fuzz.inputs import HOSTILE, NUMBERS, SOUND_NAMES
from tests.fuzz.target import RAW

# OUT stands for a file without its ending
COMMANDS = (
    ("forest", "pool", "-", "-o", "OUT.svg"),
    ("forest", "rates", "--data", "-", "-o", "OUT.svg"),
    ("funnel", "pool", "-", "-o", "OUT.svg"),
    ("pool", "-", "--plot", "drapery", "-o", "OUT.svg"),
    ("pool", "-", "--robustness", "-o", "OUT.html"),
    ("report", "OUT.html", "--data", "-"),
    ("data", "export", "--to", "excel", "--data", "-", "-o", "OUT.xlsx"),
    ("data", "export", "--to", "sqlite", "--data", "-", "-o", "OUT.sqlite"),
)
FOLDER_COMMANDS = (
    ("forest", "rates", "--data", "FOLDER", "-o", "OUT.svg"),
    ("report", "OUT.html", "--data", "FOLDER"),
    ("data", "export", "--to", "excel", "--data", "FOLDER", "-o", "OUT.xlsx"),
    ("data", "export", "--to", "sqlite", "--data", "FOLDER", "-o", "OUT.sqlite"),
)
ADD = ("data", "add", "FOLDER")
ANSWERS = {
    "--study": [f"A {name}" for name in SOUND_NAMES],
    "--year": ("2019", "1999"),
    "--design": ("rct-parallel", "rct-crossover"),
    "--population": ("trd-mdd", "mdd"),
    "--source-url": ("https://example.org/a",),
    "--source-kind": ("primary-fulltext", "registry"),
    "--drug": ("ketamine", "Esketamine"),
    "--route": ("iv", "intranasal", "oral"),
    "--dose": ("0.5", "0,5", "56"),
    "--dose-unit": ("mg/kg", "mg"),
    "--regimen": ("single-dose", "repeated"),
    "--course-days": ("28",),
    "--control": ("placebo", "midazolam"),
    "--outcome": ("response", "remission", "dropout"),
    "--scale": ("MADRS", *SOUND_NAMES),
    "--time": ("24h", "7d", "28"),
    "--analysis-set": ("itt", "observed"),
    "--events": ("0", "3", "12"),
    "--total": ("12", "20"),
    "--control-events": ("0", "2"),
    "--control-total": ("11", "19"),
    "--events-derived": ("0", "1"),
}


def adding(rng: random.Random) -> tuple[str, ...]:
    """Return the words that add a study: mostly whole and fitting answers, now and then anything."""
    words = list(ADD)
    slips = rng.choice((0.0, 0.0, 0.0, 0.05, 0.2))
    for name, fitting in ANSWERS.items():
        if rng.random() < slips:
            if rng.random() < 0.3:
                continue
            value = rng.choice((*HOSTILE, *NUMBERS)).replace("\x00", "").replace("\ud7ff", "")
        else:
            value = rng.choice(fitting)
        words += [name, value]
    if "rct-crossover" in words:
        words += ["--crossover", rng.choice(("first-period", "pooled-periods"))]
    return (*words, *rng.sample(("--backup", "--drop-examples", "--csv"), rng.randrange(3)))


def judge_file(path: Path) -> str:
    """Return what is wrong with a written file, "" when nothing is."""
    content = path.read_bytes()
    if path.suffix in (".svg", ".html"):
        text = content.decode("utf-8")
        if found := RAW.search(text):
            return f"raw U+{ord(found[0]):04X} in {path.suffix}"
        if "<script>alert" in text:
            return f"a cell became code in {path.suffix}"
        if path.suffix == ".svg":
            return _drawing(text)
    elif path.suffix == ".xlsx":
        return _workbook(path)
    elif path.suffix == ".sqlite":
        with closing(sqlite3.connect(path)) as base:
            if base.execute("pragma integrity_check").fetchone() != ("ok",):
                return "a broken database"
    return ""


def _drawing(text: str) -> str:
    try:
        elements = list(ElementTree.fromstring(text).iter())
    except ElementTree.ParseError as error:
        return f"a picture that is no XML: {error}"
    active = [e.tag for e in elements if re.search(r"\}(script|foreignObject|image)$", str(e.tag))]
    return f"a picture with {active[0]}" if active else ""


def _workbook(path: Path) -> str:
    import openpyxl

    book = openpyxl.load_workbook(path)
    formulas = [
        cell.coordinate for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"
    ]
    return f"a formula in cell {formulas[0]}" if formulas else ""


def judge_folder(before: dict[str, bytes], folder: Path, code: int) -> str:
    """Return what adding a study to a sound folder did wrong: refused, nothing changes; taken, it stays sound."""
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    if code:
        return "" if after == before else "a refused study changed the folder"
    if strange := [name for name in after if name not in before and not name.endswith(".bak")]:
        return f"left behind: {strange[0]}"
    found = errors_among(check_folder(folder))
    return f"taken, but {found[0]}" if found else ""
