"""Start-up: what must not be imported before it is needed, and what the layers may import at all."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import environment

PACKAGE = Path(__file__).parent.parent / "ketcli"
HEAVY = ("pandas", "numpy", "scipy", "matplotlib", "pydantic.main")


def loaded_after(code: str) -> set[str]:
    """Return the modules a fresh interpreter holds after running `code`."""
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules), file=sys.__stderr__)"
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, text=True, check=True, timeout=60
    )
    return set(run.stderr.split())


def running(*arguments: str) -> str:
    return (
        "from ketcli.cli.app import app\n"
        f"try:\n    app(args={list(arguments)!r}, prog_name='ket')\nexcept SystemExit:\n    pass"
    )


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("rates", "--help"), ("rates", "--nonsense")])
def test_help_version_and_usage_errors_load_no_numeric_library(arguments: tuple[str, ...]) -> None:
    modules = loaded_after(running(*arguments) + "\nsys.stderr = sys.__stderr__")
    assert not modules & {"pandas", "numpy", "scipy", "matplotlib"}


def test_importing_the_package_is_nearly_free() -> None:
    modules = loaded_after("import ketcli")
    assert not modules & {"pandas", "numpy", "scipy", "typer", "rich", "pydantic"}
    assert "ketcli.api" not in modules


@pytest.mark.parametrize(
    "arguments",
    [("rates", "--csv"), ("side-effects", "--csv"), ("factors", "--age", "--csv"), ("studies", "--csv")],
)
def test_evidence_commands_import_neither_scipy_nor_pandas_nor_matplotlib(arguments: tuple[str, ...]) -> None:
    modules = loaded_after("import io\nsys.stdout = io.StringIO()\n" + running(*arguments))
    assert not modules & {"scipy", "pandas", "matplotlib", "statsmodels", "numpy.ma", "pydantic"}


def imports_of(file: Path) -> set[str]:
    """Return the top-level names of what a module imports anywhere in its code."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def files(layer: str) -> list[Path]:
    return sorted((PACKAGE / layer).rglob("*.py"))


def test_the_numeric_core_stands_on_numpy_and_scipy_special_alone() -> None:
    for file in files("stats"):
        outside = {n for n in imports_of(file) if n.split(".")[0] not in sys.stdlib_module_names and n != "ketcli"}
        allowed = {n for n in outside if n.split(".")[0] == "numpy" or n in ("scipy", "scipy.special")}
        allowed |= {n for n in outside if n.startswith("ketcli.stats")}
        assert outside == allowed, file


@pytest.mark.parametrize(
    ("layer", "never"),
    [
        ("stats", ("ketcli.evidence", "ketcli.selection", "ketcli.summaries", "ketcli.render", "ketcli.cli")),
        ("naming", ("ketcli.evidence", "ketcli.owndata", "ketcli.summaries", "ketcli.render", "ketcli.cli")),
        ("evidence", ("ketcli.owndata", "ketcli.selection", "ketcli.summaries", "ketcli.render", "ketcli.cli")),
        ("selection", ("ketcli.summaries", "ketcli.render", "ketcli.cli")),
        ("summaries", ("ketcli.render", "ketcli.cli", "rich", "typer")),
        ("render", ("ketcli.summaries", "ketcli.evidence", "ketcli.cli", "ketcli.stats", "typer")),
    ],
)
def test_nothing_flows_back(layer: str, never: tuple[str, ...]) -> None:
    for file in files(layer):
        for name in imports_of(file):
            assert not name.startswith(never), f"{file} imports {name}"


def test_click_is_never_imported() -> None:
    for file in PACKAGE.rglob("*.py"):
        assert "click" not in {name.split(".")[0] for name in imports_of(file)}, file


def test_only_rendering_writes_and_only_the_terminal_reads_the_environment() -> None:
    for file in PACKAGE.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        calls = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        assert "print" not in calls, file
        if file.name not in ("terminal.py", "api.py"):
            assert "os.environ" not in file.read_text(encoding="utf-8"), file
