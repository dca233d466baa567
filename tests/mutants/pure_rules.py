"""Mutants of the pure rules, made and run by mutmut."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.mutants.explained import Change, Explanation, change_of, read_explanations, unused
from tests.mutants.parts import PARTS, ROOT, Part
from tests.mutants.workspace import COPIES, copied_tree, environment

__all__ = ["report", "run_part"]

PERCENT_REQUIRED = 95
PACKAGES = ["cli", "embedded", "sample", "services", "shared"]
# Pure rules need no database, no broker and no other plugin: each mutant starts pytest anew, which must be quick.
PLUGINS = [
    "pytest_asyncio.plugin",
    "pytest_timeout",
    "_hypothesis_pytestplugin",
    "tests.mutants.pytest_plugin",
    "no:cacheprovider",
]
QUICK = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
# The text of an error is read by people, and changes without a change of the rule.
ERROR_TEXTS = [r"^\s*raise \w+\(", r"^\s*message = f?\"", r"^\s*f?\"[^\"]*\"$"]


def run_part(part: str, *, again: bool) -> bool:
    """Runs the mutants of a part and prints what was found. True if enough of them are killed or explained.

    `again` tries only the survivors of the last run, with the tests of today; it needs the sources of the last run.
    """
    copy = _copy_of_last_run(part) if again else _new_copy(part)
    print(f"\n{part}: running", flush=True)
    tool = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", str(_processes())]
    with (COPIES / f"{part}.log").open("w") as log:
        status = subprocess.run(
            tool, cwd=copy, env=environment(copy) | QUICK, stdout=log, stderr=subprocess.STDOUT
        ).returncode
    if status:
        print(f"{part}: mutmut ended with {status}, see {log.name}")
        return False
    listed = [sys.executable, "-m", "tests.mutants.outcomes"]
    printed = subprocess.run(listed, cwd=copy, env=environment(copy), check=True, capture_output=True, text=True).stdout
    return report(part, json.loads(printed), read_explanations(part))


def report(part: str, outcomes: list[dict[str, Any]], explanations: list[Explanation]) -> bool:
    """Prints killed and survived for each module, then each survivor that is not explained."""
    survivors = [(outcome, change_of(outcome)) for outcome in outcomes if not outcome["killed"]]
    reasons = {explanation.change: explanation.reason for explanation in explanations}
    _print_modules(outcomes, [change for _, change in survivors if change in reasons])
    for outcome, change in survivors:
        if change not in reasons:
            print(f"\n{outcome['mutant']}: {outcome['status']}\n{outcome['diff']}")
    stale = unused(explanations, [change for _, change in survivors])
    for explanation in stale:
        change = explanation.change
        print(f"\nexplained, but no longer a survivor: {change.file} {change.function}\n- {change.old}\n+ {change.new}")
    explained = sum(change in reasons for _, change in survivors)
    percent = _percent(len(outcomes) - len(survivors), len(outcomes) - explained)
    print(f"\n{part}: {percent:.1f} % killed of {len(outcomes) - explained}, and {explained} explained")
    return percent >= PERCENT_REQUIRED and not stale


def _print_modules(outcomes: list[dict[str, Any]], explained: list[Change]) -> None:
    every = Counter(outcome["file"] for outcome in outcomes)
    killed = Counter(outcome["file"] for outcome in outcomes if outcome["killed"])
    harmless = Counter(change.file for change in explained)
    print(f"{'module':55} {'mutants':>8} {'killed':>7} {'explained':>9} {'survived':>8} {'%':>6}")
    for file, count in sorted(every.items()):
        survived = count - killed[file] - harmless[file]
        percent = _percent(killed[file], count - harmless[file])
        print(f"{file:55} {count:8} {killed[file]:7} {harmless[file]:9} {survived:8} {percent:6.1f}")


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 100.0


def _processes() -> int:
    return int(os.environ.get("MUTANTS_AT_ONCE", os.cpu_count() or 2))


def _new_copy(part: str) -> Path:
    copy = copied_tree(part)
    others = [entry.name for entry in copy.iterdir() if entry.name not in {*PACKAGES, "tests", "pyproject.toml"}]
    with (copy / "pyproject.toml").open("a") as project:
        project.write(_configuration(PARTS[part], others))
    return copy


def _configuration(part: Part, others: list[str]) -> str:
    """mutmut's section of pyproject.toml; it is written only into the copy."""
    arguments = [*(f"-p{plugin}" for plugin in PLUGINS), "--noconftest"]
    values = {
        "source_paths": PACKAGES,
        "only_mutate": list(part.modules),
        "also_copy": others,
        "do_not_mutate_patterns": ERROR_TEXTS,
        "pytest_add_cli_args": arguments,
        "pytest_add_cli_args_test_selection": list(part.tests),
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(
        ["", "[tool.mutmut]", *lines, "use_git_change_detection = false", "track_dependencies = false", ""]
    )


def _copy_of_last_run(part: str) -> Path:
    copy = COPIES / part
    if not copy.exists():
        raise SystemExit(f"{part} was not run yet: leave AGAIN out")
    for pattern in PARTS[part].modules:
        for source in ROOT.glob(pattern):
            old = copy / source.relative_to(ROOT)
            if not old.exists() or source.read_bytes() != old.read_bytes():
                raise SystemExit(f"{source.relative_to(ROOT)} changed since the last run: leave AGAIN out")
    shutil.copytree(ROOT / "tests", copy / "tests", dirs_exist_ok=True)
    for meta in (copy / "mutants").rglob("*.py.meta"):
        written = json.loads(meta.read_text())
        codes = written["exit_code_by_key"]
        written["exit_code_by_key"] = {name: code if code in (1, 3) else None for name, code in codes.items()}
        meta.write_text(json.dumps(written))
    return copy
