"""docs/architecture.md draws the tree as it is: a line for each room, in the order of imports, and only files that exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from shared.db.migrations import SERVICES

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "architecture.md").read_text()
NO_ROOMS = {"migrations", "templates", "__pycache__"}


def drawn(folder: str) -> list[str]:
    """The rooms of a folder in the page's tree, in its order."""
    block = re.search(rf"^{folder}/\n((?:  .*\n)+)", TEXT, re.MULTILINE)
    assert block is not None
    return re.findall(r"([a-z_]+)/(?=[ ,])", block[1])


@pytest.mark.parametrize("folder", [*(f"services/{service}" for service in SERVICES), "shared"])
def test_the_tree_has_a_line_for_each_room(folder: str) -> None:
    rooms = {path.name for path in (ROOT / folder).iterdir() if path.is_dir()} - NO_ROOMS
    assert rooms <= set(drawn(folder))
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [each["layers"] for each in contracts if each.get("containers") == [folder.replace("/", ".")]]
    assert [room for room in drawn(folder) if room in rooms] == [layer for layer in layers if layer in rooms]


def test_every_file_that_the_page_names_exists() -> None:
    ways = TEXT.partition("## One punch")[2].partition("## When something is down")[0]
    names = set(re.findall(r"`([\w/]+\.py)`", ways))
    files = [str(path.relative_to(ROOT)) for folder in ("services", "shared") for path in (ROOT / folder).rglob("*.py")]
    assert len(names) > 15
    assert [name for name in sorted(names) if not any(f"/{file}".endswith(f"/{name}") for file in files)] == []
