"""The core imports the standard library and itself, and nothing that makes it unrepeatable."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MODULES = sorted((ROOT / "inventory" / "domain").rglob("*.py"))

# Run as a program of its own: no site-packages, no environment, and a finder that is asked first.
ISOLATED = """
import importlib, sys

class Guard:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        ours = name == "inventory" or f"{name}.".startswith("inventory.domain.")
        if not ours and top not in sys.stdlib_module_names:
            raise ImportError(f"outside the standard library: {name}")

root, *modules = sys.argv[1:]
sys.path.insert(0, root)
sys.meta_path.insert(0, Guard())
for module in modules:
    importlib.import_module(module)
"""


def import_isolated(*modules: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", ISOLATED, str(ROOT), *modules],
        capture_output=True,
        text=True,
        check=False,
    )


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_every_module_of_the_core_imports_without_anything_installed() -> None:
    result = import_isolated(*map(name_of, MODULES))

    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("outsider", ["django", "inventory.models", "config.settings"])
def test_the_guard_refuses_what_is_not_the_core(outsider: str) -> None:
    result = import_isolated(outsider)

    assert result.returncode != 0
    assert "outside the standard library" in result.stderr


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_of_the_core_knows_the_clock_or_chance(path: Path) -> None:
    imported: set[str] = set()
    called: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.Attribute):
            called.add(node.attr)

    assert not imported & {"os", "random", "secrets", "time", "uuid"}
    assert not called & {"now", "today", "utcnow"}
