"""TAB completion: the right names, without loading a numeric library."""

import pytest

from tests.command import process
from tests.test_imports import loaded_after


def complete(words: str) -> list[str]:
    env = {"_KET_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
    return process(env=env).out.split("\n")[:-1]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("ket ra", "rates"),
        ("ket rates --study zar", "zarate-2006"),
        ("ket rates --drug k", "ketamine"),
        ("ket rates --population tr", "trd-any"),
        ("ket rates --format nd", "ndjson"),
        ("ket rates --tau2 P", "PM"),
        ("ket side-effects --event diss", "dissociation"),
        ("ket studies mur", "murrough-2013-ajp"),
        ("ket data show out", "outcomes"),
    ],
)
def test_names_are_offered(words: str, offered: str) -> None:
    assert offered in complete(words)


def test_completing_loads_no_numeric_library() -> None:
    code = "from ketcli.cli import complete\nassert complete.studies('z') and complete.events('d')"
    assert not loaded_after(code) & {"pandas", "numpy", "scipy", "rich"}
