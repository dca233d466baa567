"""Prints as JSON what mutmut found. Runs in the copy, because mutmut reads its configuration from the current directory."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

# A mutant that runs without end counts as killed.
FOUND = {"killed", "timeout", "caught by type check"}


def outcomes() -> list[dict[str, Any]]:
    found = []
    for meta in sorted(Path("mutants").rglob("*.py.meta")):
        file = str(meta.relative_to("mutants")).removesuffix(".meta")
        for mutant, code in json.loads(meta.read_text())["exit_code_by_key"].items():
            status = status_by_exit_code[code]
            killed = status in FOUND
            diff = "" if killed else get_diff_for_mutant(mutant, path=file)
            found.append({"mutant": mutant, "file": file, "status": status, "killed": killed, "diff": diff})
    return found


if __name__ == "__main__":
    json.dump(outcomes(), sys.stdout)
