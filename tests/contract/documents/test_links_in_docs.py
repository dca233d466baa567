"""Every relative link in the documents leads to a file, and every runbook that a program names exists."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
RUNBOOK = re.compile(r"docs/[\w/.-]+\.md")


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / name for name in listed.stdout.splitlines()]


@pytest.mark.parametrize("document", tracked("*.md"), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(document: Path) -> None:
    dead = [link for link in LINK.findall(document.read_text()) if not (document.parent / link).exists()]
    assert dead == []


def test_named_documents_are_there() -> None:
    sources = tracked("*.py", "*.yml", "*.yaml", "*.sh", "Makefile", ".env.example", "*.json", "*.html")
    named = {
        name for path in sources for name in RUNBOOK.findall(path.read_text()) if ROOT / "tests" not in path.parents
    }
    assert len(named) > 10
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
