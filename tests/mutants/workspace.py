"""A copy of the checkout, so that no mistake is ever in the checkout itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.mutants.parts import ROOT

__all__ = ["COPIES", "copied_tree", "environment"]

COPIES = ROOT / "var" / "mutants"


def copied_tree(name: str) -> Path:
    """A fresh copy of every file that git tracks or would track, also with changes that are not committed."""
    copy = COPIES / name
    shutil.rmtree(copy, ignore_errors=True)
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for file in sorted(set(filter(None, files.split("\0")))):
        if (ROOT / file).exists():  # a deleted file is listed until the deletion is committed
            (copy / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, copy / file)
    return copy


def environment(copy: Path) -> dict[str, str]:
    """The environment in which Python imports the packages of the copy, also in processes that a test starts."""
    return {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
