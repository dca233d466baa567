"""Our own mistakes, in tests/mutants/lists/*.toml: in SQL, mechanics and wiring, where no mutation tool reaches.

A list has one table for each mistake:

    [[mistake]]
    name = "a revoked key is accepted"
    file = "shared/access/keys.py"
    old = '''the text, which occurs exactly once in the file'''
    new = '''the wrong text'''
    tests = ["tests/integration/access/test_api_keys.py"]

`tests` are the files or node ids of which at least one test must fail.
"""

from __future__ import annotations

import functools
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.parts import ROOT
from tests.mutants.workspace import copied_tree, environment

__all__ = ["Mistake", "fault_of", "read_mistakes", "run_mistakes", "tried"]

LISTS = Path(__file__).resolve().parent / "lists"
SECONDS_MAX = 900
PASSED, FAILED = 0, 1


@dataclass(frozen=True)
class Mistake:
    part: str
    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.part}: {self.name}"


def read_mistakes(lists: Path = LISTS) -> list[Mistake]:
    return [
        Mistake(path.stem, entry["name"], entry["file"], entry["old"], entry["new"], tuple(entry["tests"]))
        for path in sorted(lists.glob("*.toml"))
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["mistake"]
    ]


def fault_of(mistake: Mistake, root: Path = ROOT) -> str | None:
    """Why the entry cannot be run as it stands, or None."""
    source = root / mistake.file
    if not source.is_file():
        return f"{mistake.file} does not exist"
    count = source.read_text(encoding="utf-8").count(mistake.old)
    if count != 1:
        return f"old occurs {count} times in {mistake.file}"
    if mistake.new == mistake.old:
        return "new is the same as old"
    if not mistake.tests:
        return "no tests are named"
    missing = [test for test in mistake.tests if not _exists(test, root)]
    return f"no such test: {', '.join(missing)}" if missing else None


def _exists(test: str, root: Path) -> bool:
    file, _, inside = test.partition("::")
    path = root / file
    if not inside:
        return path.exists()
    names = [name.partition("[")[0] for name in inside.split("::")]
    return path.is_file() and all(f" {name}(" in path.read_text(encoding="utf-8") for name in names)


def run_mistakes(only: str) -> bool:
    """Puts each mistake into a copy and runs its tests. True if every mistake was noticed; prints those that were not."""
    mistakes = [mistake for mistake in read_mistakes() if only in str(mistake)]
    if only and not mistakes:
        print(f"no mistake has {only!r} in its list or name")
        return False
    copy = copied_tree("mistakes")
    print(f"\nmistakes: {len(mistakes)}", flush=True)
    results = [tried(mistake, copy) for mistake in mistakes]
    noticed = results.count(True)
    print(f"\nmistakes: {noticed} of {len(mistakes)} noticed")
    return noticed == len(mistakes)


def tried(mistake: Mistake, copy: Path) -> bool:
    """Puts a mistake into the copy, runs its tests, takes it out again. True if a test noticed it."""
    fault = fault_of(mistake, copy)
    if fault:
        print(f"STALE    {mistake}: {fault}", flush=True)
        return False
    began = time.monotonic()
    source = copy / mistake.file
    right = source.read_text(encoding="utf-8")
    source.write_text(right.replace(mistake.old, mistake.new), encoding="utf-8")
    try:
        status, output = _run(mistake.tests, copy)
    finally:
        source.write_text(right, encoding="utf-8")
    if status == FAILED and not _pass(mistake.tests, copy):
        print(f"BROKEN   {mistake}: the tests do not pass without the mistake either", flush=True)
        return False
    word = {PASSED: "MISSED", FAILED: "noticed"}.get(status, "NOT RUN")
    print(f"{word:8} {mistake} ({time.monotonic() - began:.0f} s)", flush=True)
    if status not in (PASSED, FAILED):
        print(output)
    return status == FAILED


@functools.cache
def _pass(tests: tuple[str, ...], copy: Path) -> bool:
    """Whether the tests pass without a mistake; once for each selection of tests."""
    return _run(tests, copy)[0] == PASSED


def _run(tests: tuple[str, ...], copy: Path) -> tuple[int, str]:
    """pytest's exit status and the end of its output. Tests that hang until the limit have noticed the mistake."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(
            command,
            cwd=copy,
            env=environment(copy),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS_MAX,
        )
    except subprocess.TimeoutExpired:
        return FAILED, ""
    only_skipped = done.returncode == PASSED and " passed" not in done.stdout
    return (-1 if only_skipped else done.returncode), done.stdout[-2000:]
