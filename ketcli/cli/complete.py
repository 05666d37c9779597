"""What TAB offers: codes from the schema and ids from the tables, read without any numeric library."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def _matching(values: Iterable[str], typed: str) -> list[str]:
    return sorted({v for v in values if v.lower().startswith(typed.lower())})


def _column(table: str, column: str) -> list[str]:
    """Return the distinct values of a column of the bundled data; nothing when they cannot be read."""
    from ketcli.errors import KetError
    from ketcli.evidence.load import Evidence

    try:
        return sorted({str(row[column]) for row in Evidence.open().rows(table) if row[column]})
    except KetError:
        return []


def _codes(table: str, column: str) -> list[str]:
    from ketcli.evidence.schema import TABLES

    return [code for code in TABLES[table].field(column).codes or () if code]


def studies(typed: str) -> list[str]:
    """Offer study ids."""
    return _matching(_column("studies", "study_id"), typed)


def events(typed: str) -> list[str]:
    """Offer the names of side effects."""
    return _matching(_column("side_effects", "event"), typed)


def drugs(typed: str) -> list[str]:
    """Offer the study drugs."""
    from ketcli.evidence.codes import STUDY_DRUGS

    return _matching(STUDY_DRUGS, typed)


def regimens(typed: str) -> list[str]:
    """Offer the regimens."""
    from ketcli.evidence.regimens import REGIMENS

    return _matching(REGIMENS, typed)


def populations(typed: str) -> list[str]:
    """Offer populations and their groups."""
    from ketcli.selection.filters import POPULATION_GROUPS

    return _matching([*POPULATION_GROUPS, "all", *_codes("studies", "population")], typed)


def designs(typed: str) -> list[str]:
    """Offer designs and their groups."""
    from ketcli.selection.filters import DESIGN_GROUPS

    return _matching([*DESIGN_GROUPS, *_codes("studies", "design")], typed)


def routes(typed: str) -> list[str]:
    """Offer routes."""
    return _matching(_codes("arms", "route"), typed)


def outcomes(typed: str) -> list[str]:
    """Offer outcomes."""
    return _matching(_codes("outcomes", "outcome"), typed)


def reviews(typed: str) -> list[str]:
    """Offer ids of published reviews."""
    return _matching(_column("reviews", "review_id"), typed)


def claims(typed: str) -> list[str]:
    """Offer ids of the article's statements."""
    return _matching(_column("claims", "claim_id"), typed)


def sections(typed: str) -> list[str]:
    """Offer the parts of the article."""
    return _matching(_column("claims", "section"), typed)


def verdicts(typed: str) -> list[str]:
    """Offer the verdicts on statements."""
    return _matching(_codes("claims", "verdict"), typed)


def tables(typed: str) -> list[str]:
    """Offer the tables of the data."""
    from ketcli.evidence.schema import TABLES

    return _matching(TABLES, typed)


def times(typed: str) -> list[str]:
    """Offer times that the windows are made for."""
    return _matching(("4h", "24h", "3d", "7d", "14d", "28d", "end"), typed)


def among(*choices: str) -> Callable[[str], list[str]]:
    """Return a completer that offers fixed choices."""

    def offer(typed: str) -> list[str]:
        return _matching(choices, typed)

    return offer
