"""Inputs to try: files made from a grammar of tables, and mutations of files that were worth keeping."""

from __future__ import annotations

import csv
import gzip
import io
import random
from collections.abc import Callable, Sequence
from contextlib import suppress

from ketcli.evidence import starter
from ketcli.evidence.fields import Field
from ketcli.evidence.schema import TABLES
from tests.own import exports

HEADERS = (
    *("study", "drug", "route", "outcome", "time_days", "events", "total", "dose", "scale", "role", "regimen"),
    *("population", "design", "year", "source_url", "analysis_set", "time_anchor", "course_days"),
    *("Study", "TRIAL", "Treatment", "Responders", "n", "N", "days", "weeks", "time", "n_responders", "author"),
    *("ai", "bi", "ci", "di", "n1i", "n2i", "yi", "vi", "sei", "mean", "sd", "control_events", "control_total"),
    *("control", "control_drug", "m1i", "sd1i", "m2i", "sd2i", "cluster", "kind", "pooled", "subgroup", "ci_low"),
    *("", " ", "a b", "\x1b[31m", "=x", "events ", "évènements", "drug", "x" * 300, "[b]", "{n}"),
)
NUMBERS = (
    *("0", "1", "2", "3", "5", "7", "9", "10", "12", "17", "20", "30", "100", "1000", "12.0", "7.5", "0.5", "0,5"),
    *("-1", "-0", "+3", "1e3", "1e308", "1e309", "-1e400", "1e-320", "nan", "NaN", "inf", "-inf", "1,234", "1.234"),
    *(
        "1.234,5",
        "1_000",
        "٣",
        "²",
        "½",
        "0x10",
        "1/2",
        "9 9",
        "1e",
        ".",
        "-",
        "+",
        "99999999999999999999",
        "1" * 400,
    ),
)
WORDS = (
    *("A", "B", "Smith 2001", "Müller", "ketamine", "esketamine", "placebo", "midazolam", "Ketamine", "iv", "i.v."),
    *("intravenous", "intranasal", "oral", "response", "remission", "Responder", "dropout", "MADRS", "HDRS-17"),
    *("single-dose", "repeated", "active", "control", "itt", "ITT", "first-dose", "last-dose", "rct-parallel"),
    *("rct-crossover", "trd-mdd", "24 h", "day 7", "4 weeks", "https://example.org", "http://", "study", "1", "0"),
)
HOSTILE = (
    *(
        "=1+1",
        "+1",
        "-1",
        "@x",
        "\t=1",
        "\r",
        "'",
        '"',
        '""',
        ",",
        ";",
        "\n",
        "\\n",
        "\x00",
        "\x07",
        "\x1b]0;t\x07",
    ),
    *("\x1b[2J", "\u202eevil", "\u2066", "\ufeff", "\u200b", "[bold]", "[/b]", "[link=x]", ":smile:", "%s", "{0}"),
    *("<script>alert(1)</script>", "<!--", "]]>", "&amp;", "$(id)", "`id`", "../../etc/passwd", "|", "NA", "N/A"),
    *(
        "#N/A",
        "null",
        "None",
        "x" * 5000,
        "é" * 300,
        "\U0001f600",
        "\ud7ff",
        "a\u0301",
        "研究",
        "عربي",
        "#",
        "sep=;",
    ),
)
# hostile, but no rule forbids them in a name
SOUND_NAMES = (
    *("[bold]", "[/b]", "[link=x]", ":smile:", "%s", "{0}", "<script>alert(1)</script>", "<!--", "]]>", "&amp;"),
    *(
        "$(id)",
        "`id`",
        "|",
        "a|b",
        "*x*",
        "_x_",
        "#",
        "研究",
        "عربي",
        "\U0001f600",
        "a\u0301",
        "x" * 300,
        '"q"',
        "a,b",
    ),
)
FLAT = ("study", "drug", "route", "outcome", "time_days", "events", "total")
POOLED = (
    ("study", "events", "total"),
    ("study", "ai", "n1i", "ci", "n2i"),
    ("study", "yi", "vi"),
    ("study", "mean", "sd", "n", "control_mean", "control_sd", "control_n"),
    ("study", "arm", "role", "events", "total"),
)
MORE = ("dose", "scale", "regimen", "population", "design", "year", "source_url", "analysis_set", "course_days")
FITTING: dict[str, Sequence[str]] = {
    "drug": ("ketamine", "ketamine", "esketamine", "placebo", "midazolam"),
    "route": ("intravenous", "intravenous", "oral", "intranasal", ""),
    "outcome": ("response", "response", "remission", "dropout"),
    "time_days": ("1", "1", "7", "28", "0.167", ""),
    "events": ("0", "3", "5", "7", "9", "10"),
    "total": ("10", "12", "17", "20"),
    "dose": ("0.5", "56", "84", ""),
    "scale": ("MADRS", "HDRS-17", "PHQ-9", ""),
    "regimen": ("single-dose", "repeated", ""),
    "population": ("trd-mdd", "mdd", ""),
    "design": ("rct-parallel", "cohort", "open-label", ""),
    "year": ("2006", "2019", ""),
    "source_url": ("https://example.org/a", ""),
    "analysis_set": ("itt", "observed", ""),
    "course_days": ("12", "28", ""),
    "ai": ("0", "4", "12", "30"),
    "n1i": ("30", "45", "100"),
    "ci": ("0", "7", "20"),
    "n2i": ("31", "50", "99"),
    "yi": ("0.1", "-0.4", "1.2", "0"),
    "vi": ("0.01", "0.2", "1"),
    **dict.fromkeys(("mean", "control_mean"), ("5", "6.5", "-3")),
    **dict.fromkeys(("sd", "control_sd"), ("2", "3.1", "0.4")),
    **dict.fromkeys(("n", "control_n"), ("10", "31", "200")),
    "arm": ("ketamine", "placebo"),
    "role": ("active", "control"),
}
LIKELY = (
    *("", "0", "1", "2", "7", "20", "40", "0.5", "-3", "12", "1e3"),
    *("1e10", "1e200", "1e308", "5e-324"),
)
SEEDS = (
    b"study,drug,route,outcome,time_days,events,total\nA,ketamine,intravenous,response,1,7,10\n"
    b"B,ketamine,intravenous,response,1,5,12\nC,ketamine,intravenous,response,1,0,9\n",
    b"Trial;Treatment;Endpoint;Week;Responders;N;dose\nA;Ketamine;response;4;7;10;0,5\nB;ketamine;response;4;9;9;56\n",
    b"study,drug,control,outcome,day,events,n,control events,control n\nA,ketamine,placebo,response,1,7,10,2,9\n"
    b"B,ketamine,placebo,response,1,6,11,3,12\n",
    b"study,ai,n1i,ci,n2i\nA,4,123,11,139\nB,6,306,29,303\nC,3,231,11,220\nD,0,10,0,12\n",
    b"study,yi,vi\nA,0.1,0.02\nB,-0.3,0.05\nC,0.4,0.01\n",
    b"study,mean,sd,n,control_mean,control_sd,control_n\nA,5,2,30,6,2.5,31\nB,4,2,20,6,2,25\n",
    b"study,arm,role,events,total\nA,ket,active,3,9\nA,pla,control,1,9\nB,ket,active,4,9\nB,pla,control,2,8\n",
    exports.revman5().encode(),
    exports.metapsy().encode(),
    b"study_id,arm_id,outcome,scale,time_anchor,events,total,events_derived,analysis_set,source_kind\n"
    b"a,b,response,MADRS,first-dose,1,2,0,itt,registry\n",
)


def generate(rng: random.Random) -> tuple[str, bytes]:
    """Return a file made from the grammar, and what it is for: a header, rows that mostly fit it, in some dialect.

    Three in four files are nearly sound, so that what is hostile in them reaches every part of the answer.
    """
    kind = rng.choices(("flat", "pool", "wild"), weights=(9, 5, 6))[0]
    if kind == "wild":
        header = rng.choices(HEADERS, k=rng.randrange(1, 14))
        slips = 0.4
    else:
        header = list(FLAT if kind == "flat" else rng.choice(POOLED))
        header += (
            rng.sample([name for name in MORE if name not in header], rng.randrange(3)) if kind == "flat" else []
        )
        slips = rng.choice((0.0, 0.0, 0.02, 0.1))
        rng.shuffle(header)
    count = rng.choice((0, 1, 2, 3, 3, 4, 5, 6, 9, 30))
    rows = [[_cell(rng, name, slips, number) for name in header] for number in range(count)]
    buffer = io.StringIO(newline="")
    delimiter = rng.choices(",;\t|", weights=(8, 3, 1, 1))[0]
    quoting = rng.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    end = rng.choice(("\n", "\n", "\r\n", "\r"))
    csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows([header, *rows])
    return kind, encode(rng, buffer.getvalue())


def _cell(rng: random.Random, name: str, slips: float, number: int) -> str:
    """Return a cell that fits its column but for `slips`; names of studies are hostile wherever they may be."""
    if rng.random() >= slips:
        if name == "study":
            return f"{rng.choice((*SOUND_NAMES, 'A', 'B', 'Smith 2001'))} {number}"
        if name in FITTING:
            return rng.choice(FITTING[name])
    chance = rng.random()
    return rng.choice(NUMBERS if chance < 0.4 else WORDS if chance < 0.7 else HOSTILE)


def encode(rng: random.Random, text: str) -> bytes:
    """Return text in some encoding, now and then compressed."""
    encoding = rng.choices(
        ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1", "utf-7"), weights=(80, 5, 4, 1, 6, 3, 1)
    )[0]
    content = text.encode(encoding, "replace")
    return gzip.compress(content) if rng.random() < 0.02 else content


def mutate(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Return a file changed in one to six places."""
    changes: tuple[Callable[[], bytes], ...]
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        here = rng.randrange(len(content) + 1)
        there = min(len(content), here + rng.choice((1, 1, 2, 8, 40)))
        token = rng.choice((*HOSTILE, *NUMBERS, *WORDS)).encode("utf-8", "surrogatepass")
        other = rng.choice(others)
        cut = rng.randrange(len(other) + 1)
        changes = (
            lambda: content[:here] + bytes([rng.randrange(256)]) + content[there:],  # noqa: B023
            lambda: content[:here] + content[there:],  # noqa: B023
            lambda: content[:here] + token + content[here:],  # noqa: B023
            lambda: content[:here] + token + content[there:],  # noqa: B023
            lambda: content[:here] + content[here:there] * rng.choice((2, 3, 20)) + content[there:],  # noqa: B023
            lambda: content[:here] + other[cut:],  # noqa: B023
            lambda: _swap_cells(rng, content),  # noqa: B023
            lambda: _change_cell(rng, content, token),  # noqa: B023
            lambda: _change_cell(rng, content, token),  # noqa: B023
        )
        content = rng.choice(changes)()
    return content[:200_000]


def _change_cell(rng: random.Random, content: bytes, token: bytes) -> bytes:
    """Put a token in the place of one cell of one line."""
    lines = content.split(b"\n")
    line = rng.randrange(len(lines))
    cells = lines[line].split(b",")
    cells[rng.randrange(len(cells))] = token.replace(b"\n", b" ")
    lines[line] = b",".join(cells)
    return b"\n".join(lines)


def _swap_cells(rng: random.Random, content: bytes) -> bytes:
    """Exchange two lines, or two columns of the header."""
    lines = content.split(b"\n")
    if rng.random() < 0.5:
        first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[first], lines[second] = lines[second], lines[first]
    else:
        cells = lines[0].split(b",")
        rng.shuffle(cells)
        lines[0] = b",".join(cells)
    return b"\n".join(lines)


def folder(rng: random.Random) -> dict[str, bytes]:
    """Return a starter folder's tables with one to four cells of some of them put otherwise."""
    files = {name: content for name, content in starter.files().items() if name.endswith(".csv")}
    for _ in range(rng.choice((1, 1, 2, 4))):
        name = rng.choice(list(files))
        rows = list(csv.reader(io.StringIO(files[name].decode("utf-8", "replace"), newline="")))
        if len(rows) < 2:
            continue
        row = rng.choice(rows[1:] if rng.random() < 0.97 else rows[:1])
        fields = TABLES[name.removesuffix(".csv")].fields
        if place := rng.randrange(min(len(row), len(fields)) + 1):
            row[place - 1] = _table_cell(rng, fields[place - 1])
        buffer = io.StringIO(newline="")
        csv.writer(buffer, lineterminator="\n").writerows(rows)
        files[name] = buffer.getvalue().encode("utf-8", "replace")
    return files


def _table_cell(rng: random.Random, field: Field) -> str:
    """Return a cell of a column's own kind, likely or not, and one time in eight anything."""
    if rng.random() < 0.12:
        return rng.choice((*HOSTILE, *NUMBERS, *WORDS))
    if field.numeric:
        return rng.choice(LIKELY)
    if field.codes is not None:
        return rng.choice(["", *field.codes])
    return rng.choice(
        ("", *SOUND_NAMES, "example-a", "example-b", "ketamine", "placebo", "MADRS", "https://e.org/x")
    )


def more_seeds() -> list[bytes]:
    """Return the first seed in the forms whose libraries are installed: a workbook, Parquet, Zstandard."""
    header, *rows = [line.split(",") for line in SEEDS[0].decode().splitlines()]
    seeds = []
    with suppress(ImportError):
        import openpyxl

        book, out = openpyxl.Workbook(), io.BytesIO()
        for row in (header, *rows):
            book.active.append(row)
        book.save(out)
        seeds.append(out.getvalue())
    with suppress(ImportError):
        import pyarrow
        import pyarrow.parquet as parquet

        out = io.BytesIO()
        parquet.write_table(pyarrow.table(dict(zip(header, zip(*rows, strict=True), strict=True))), out)
        seeds.append(out.getvalue())
    with suppress(ImportError):
        import zstandard

        seeds.append(zstandard.ZstdCompressor().compress(SEEDS[0]))
    return seeds
