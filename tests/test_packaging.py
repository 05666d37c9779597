"""What is shipped: the wheel and the sdist carry code and data, and the wheel works away from the checkout."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from ketcli.evidence.schema import TABLES
from tests.command import environment

ROOT = Path(__file__).parent.parent
TABLE_FILES = {f"{name}.csv" for name in TABLES}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both archives from a copy of what is under version control, as a release would."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return folder


def test_wheel_holds_every_table_and_no_tests(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {
        n.removeprefix("ketcli/data/") for n in names if n.endswith(".csv") and "ketcli/data/" in n
    } == TABLE_FILES
    assert "ketcli/data/datapackage.json" in names
    assert not [n for n in names if n.startswith("tests")]
    assert {n.split("/")[0] for n in names} == {"ketcli", next(n for n in names if ".dist-info" in n).split("/")[0]}


def test_sdist_holds_what_a_maintainer_needs(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", ".ci/run"}
    assert needed <= names
    assert {f"data/{file}" for file in TABLE_FILES} <= names
    assert "tests/conftest.py" in names


def test_wheel_works_anywhere(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    env = environment({"PYTHONPATH": str(site)})
    rates = ["rates", "--study", "zarate-2006", "--csv", "-q"]
    for arguments in (rates, ["data", "path"], ["--version"], ["report", "page.html", "--no-pictures"]):
        run = subprocess.run(
            [sys.executable, "-m", "ketcli", *arguments],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
        if arguments[0] == "rates":
            assert [line.split(",")[5:7] for line in run.stdout.splitlines()[1:]] == [["12", "17"], ["5", "17"]]
        if arguments[0] == "data":
            assert run.stdout.strip() == str(site / "ketcli" / "data")
    assert "<table" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_command_is_declared(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    archive = zipfile.ZipFile(wheel)
    entry_points = next(n for n in archive.namelist() if n.endswith("entry_points.txt"))
    assert "ket = ketcli.__main__:main" in archive.read(entry_points).decode()
