"""What the pictures may know: descriptions nothing of matplotlib, and neither they nor the drawing of summaries."""

from __future__ import annotations

import pytest

from tests.test_imports import files, imports_of, loaded_after


def test_descriptions_know_nothing_of_matplotlib() -> None:
    for file in files("figures/data"):
        names = imports_of(file)
        assert not any(name.startswith(("matplotlib", "ketcli.figures.drawing")) for name in names), file


def test_drawing_knows_nothing_of_statistics() -> None:
    for file in files("figures/drawing"):
        assert not any(name.startswith("ketcli.stats") for name in imports_of(file)), file


@pytest.mark.parametrize("layer", ["figures/data", "figures/drawing"])
def test_pictures_are_made_of_reports_alone(layer: str) -> None:
    assert files(layer)
    for file in files(layer):
        never = ("ketcli.summaries", "ketcli.evidence", "ketcli.cli", "ketcli.own")
        assert not any(name.startswith(never) for name in imports_of(file)), file


def test_describing_a_picture_imports_no_matplotlib() -> None:
    modules = loaded_after("import ketcli.figures.draw, ketcli.figures.plots, ketcli.figures.beside")
    assert not modules & {"matplotlib", "numpy"}
