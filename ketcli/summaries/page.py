"""The page of everything: its sections in order, each with its reports and the commands behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from ketcli.document import Chapter, Document, Entry
from ketcli.errors import unknown_value
from ketcli.report import Fact

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters
    from ketcli.summaries.pooling import Settings

TITLE = "Ketamine and esketamine in treatment-resistant depression"
ABOUT = (
    "What published studies found: how many respond and remit, how fast and for how long, in whom, at what cost in "
    "side effects, against which alternatives, and how far each number can be trusted.",
    "Under every table stand its cautions, how it was made, and its sources; above it the command that prints it "
    "again. Names of studies lead to the page their numbers were read on.",
)
OWN_TITLE = "Results of {name}"
OWN_ABOUT = ("Studies given by the reader: what they found, pooled where they share drug, route and course.",)
# Groups of factors in the order of the article: how the drug is given, then who receives it.
FACTOR_GROUPS = (*("protocol", "age", "sex", "health", "comorbidity", "prior-treatment", "biomarker", "other"),)
# Rows of the slopes between studies, the only ones of a factor whose picture says more than the table.
SLOPES = ("moderator", "point", "fitted")


@dataclass(frozen=True)
class Asked:
    """What the reports of a page are made from."""

    evidence: Evidence
    filters: Filters
    how: Settings


@dataclass(frozen=True)
class Section:
    """One chapter to be made: `name` is its anchor and what --sections takes."""

    name: str
    title: str
    lead: str
    make: Callable[[Asked], Iterator[Entry]]


def document(evidence: Evidence, filters: Filters, how: Settings, names: Sequence[str] = ()) -> Document:
    """Return the page of the sections named, in the page's own order.

    When none is named these are all of which the data have any rows, without the tables that have none. Raises
    UsageError for a section that does not exist.
    """
    asked = Asked(evidence, filters, how)
    chapters = tuple(
        Chapter(
            section.name,
            section.title,
            section.lead,
            tuple(entry for entry in section.make(asked) if names or entry.report.rows),
            methods_facts(asked) if section.name == "methods" else (),
        )
        for section in chosen(names)
    )
    kept = (chapter for chapter in chapters if names or chapter.entries)
    if evidence.location.shipped:
        return Document(TITLE, ABOUT, tuple(kept), data_version=evidence.version)
    # somebody's own studies are not what is published, and need not be about what the bundled ones are
    title = OWN_TITLE.format(name=PurePath(evidence.location.name).name or evidence.location.name)
    return Document(title, (*OWN_ABOUT, *ABOUT[1:]), tuple(kept), data_version=evidence.version)


def chosen(names: Sequence[str]) -> tuple[Section, ...]:
    """Return the sections of these names in the order of the page, every one for no names."""
    known = [section.name for section in SECTIONS]
    for name in names:
        if name not in known:
            raise unknown_value("section", name, known)
    return tuple(section for section in SECTIONS if not names or section.name in names)


def methods_facts(asked: Asked) -> tuple[Fact, ...]:
    """Return what holds for all tables alike; what is particular to one stands under it."""
    from ketcli.summaries.pooling import proportion_words
    from ketcli.summaries.rates import population_words

    how = asked.how
    return (
        Fact("Who", f"People with {population_words(asked.filters)}, where a table does not say otherwise."),
        Fact(
            "Counted once",
            "A study gives one row to an outcome and a pooled line, chosen by a written rule; people reported in "
            "several papers, and control arms shared by several treatments, are never added up twice.",
        ),
        Fact("One study", f"{how.interval.capitalize()} interval of a proportion, {how.percent}."),
        Fact("Pooled rates", _sentence(proportion_words(how))),
        Fact(
            "Pooled effects",
            f"Random effects by inverse variance, τ² by {how.tau2}; Hartung-Knapp interval, never narrower than "
            "the classic one. With empty cells Mantel-Haenszel's method stands in and a note says so.",
        ),
        Fact(
            "Between studies",
            "I² is the share of the differences that chance does not explain, τ² their variance, and the "
            "prediction interval where a further study may lie.",
        ),
        Fact(
            "Not comparable",
            "Drug, route, control, population and time change from table to table. Differences between them are "
            "not effects of any one of these.",
        ),
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _answers(asked: Asked) -> Iterator[Entry]:
    from ketcli.summaries.overview import overview

    report = overview(asked.evidence, asked.filters, asked.how)
    yield Entry(replace(report, title="The headline results"), "ket")


def _resistance(asked: Asked) -> Iterator[Entry]:
    from ketcli.summaries.resistance import trd

    yield Entry(trd(asked.evidence), "ket trd")


def _mechanism(asked: Asked) -> Iterator[Entry]:
    from ketcli.summaries.background import mechanism

    yield Entry(mechanism(asked.evidence), "ket mechanism")


def _rates(asked: Asked) -> Iterator[Entry]:
    from ketcli.summaries.rates import rates

    yield Entry(rates(asked.evidence, asked.filters, asked.how), "ket rates")


def _timeline(asked: Asked) -> Iterator[Entry]:
    from ketcli.summaries.timeline import timeline

    yield Entry(timeline(asked.evidence, asked.filters, asked.how), "ket timeline")


def _durability(asked: Asked) -> Iterator[Entry]:
    from ketcli.summaries.durability import durability

    yield Entry(durability(asked.evidence, asked.filters, asked.how), "ket durability")


def _factors(asked: Asked) -> Iterator[Entry]:
    from ketcli.summaries.factors import factors

    yield Entry(factors(asked.evidence, asked.filters, asked.how), "ket factors")
    for group in FACTOR_GROUPS:
        report = factors(asked.evidence, asked.filters, asked.how, groups=[group])
        if report.rows:
            drawn = factors(asked.evidence, asked.filters, asked.how, groups=[group], bubbles=True)
            slopes = tuple(row for row in drawn.rows if row["kind"] in SLOPES)
            yield Entry(report, f"ket factors --{group}", folded=True, drawn=replace(drawn, rows=slopes))


def _side_effects(asked: Asked) -> Iterator[Entry]:
    from ketcli.summaries.side_effects import side_effects

    yield Entry(side_effects(asked.evidence, asked.filters, asked.how), "ket side-effects")


def _safety(asked: Asked) -> Iterator[Entry]:
    from ketcli.summaries.safety import safety

    yield Entry(safety(asked.evidence, asked.filters), "ket safety")


def _compare(asked: Asked) -> Iterator[Entry]:
    from ketcli.summaries.compare import compare
    from ketcli.summaries.compare.listing import listing

    pairs = listing(asked.evidence, asked.filters)
    yield Entry(pairs, "ket compare")
    for row in pairs.rows:
        if row["k"]:
            first, second = str(row["first"]), str(row["second"])
            report = compare(asked.evidence, asked.filters, asked.how, first, second)
            yield Entry(report, str(row["command"]), folded=True)


def _expect(asked: Asked) -> Iterator[Entry]:
    from ketcli.selection.people import Person
    from ketcli.summaries.expect import expect

    for drug in ("ketamine", "esketamine"):
        filters = replace(asked.filters, drug=(drug,))
        yield Entry(expect(asked.evidence, filters, asked.how, Person()), f"ket expect --drug {drug}")


def _reviews(asked: Asked) -> Iterator[Entry]:
    from ketcli.summaries.reviews import reviews

    yield Entry(reviews(asked.evidence, asked.how), "ket reviews", folded=True)


def _outlook(asked: Asked) -> Iterator[Entry]:
    from ketcli.summaries.background import outlook

    yield Entry(outlook(asked.evidence), "ket outlook")


def _claims(asked: Asked) -> Iterator[Entry]:
    from ketcli.summaries.claims import claims

    yield Entry(claims(asked.evidence, asked.how), "ket claims")


def _studies(asked: Asked) -> Iterator[Entry]:
    from ketcli.summaries.studies import listing

    everyone = replace(asked.filters, population=())
    yield Entry(listing(asked.evidence, everyone), "ket studies", folded=True)


def _methods(asked: Asked) -> Iterator[Entry]:
    from ketcli.summaries.catalogue import tables

    yield Entry(tables(asked.evidence), "ket data tables")


SECTIONS = (
    Section(
        "answers",
        "In short",
        "One line for each question; the sections below hold the studies behind it.",
        _answers,
    ),
    Section(
        "resistance",
        "What resistance is",
        "Definitions of treatment resistance, how common it is, and what further steps of usual treatment achieve.",
        _resistance,
    ),
    Section(
        "mechanism",
        "How ketamine is thought to work",
        "The chain from receptor to synapse, step by step, with the kind of evidence each step has.",
        _mechanism,
    ),
    Section(
        "rates",
        "How many respond and remit",
        "Response is usually a fall by half on a rating scale, remission a score below a threshold. Each group of "
        "studies shares drug, route and course, and ends in its pooled line and the interval for a further study.",
        _rates,
    ),
    Section(
        "timeline",
        "How fast it works",
        "The same people at hours, days and weeks after the first dose, as far as studies report them.",
        _timeline,
    ),
    Section(
        "durability",
        "How long it lasts",
        "Relapse after one dose, after a course, and with treatment kept up or stopped at random.",
        _durability,
    ),
    Section(
        "factors",
        "In whom, and how given",
        "What changes the effect: dose, frequency and route, then age, sex, health, other conditions and earlier "
        "treatment. Comparisons inside a study are kept apart from differences between studies.",
        _factors,
    ),
    Section(
        "side-effects",
        "Side effects",
        "How many had each event on the drug and on its control, the difference, and for how many treated people "
        "there is one more.",
        _side_effects,
    ),
    Section(
        "safety",
        "What to watch for",
        "Blood pressure, dissociation, observation after a dose, what labels require, and concerns of long use.",
        _safety,
    ),
    Section(
        "compare",
        "Against other treatments",
        "Trials that hold two treatments side by side; indirect evidence is shown apart and marked.",
        _compare,
    ),
    Section(
        "expect",
        "Of 100 people",
        "What happened to 100 people in the studies that match a usual course, their control arms beside them.",
        _expect,
    ),
    Section(
        "reviews",
        "What published reviews say",
        "Pooled estimates as printed, each followed by what this dataset gives for the same quantity, and why the "
        "two may differ.",
        _reviews,
    ),
    Section(
        "outlook",
        "What may come",
        "Compounds in development with their stage and last result, and biomarkers with their evidence.",
        _outlook,
    ),
    Section(
        "claims",
        "Statements held against the data",
        "What a popular article says, statement by statement, what the tables answer, and the verdict of a written "
        "rule.",
        _claims,
    ),
    Section(
        "studies",
        "The studies",
        "Every study and record of the dataset, of any population.",
        _studies,
    ),
    Section(
        "methods",
        "How the numbers were made",
        "What holds for every table; each table's own choices stand under it.",
        _methods,
    ),
)
