"""The groups of `make test`'s workers name files that exist, and every file with a Docker stack."""

from __future__ import annotations

import re
from pathlib import Path

from tests.fixtures.workers import LONG_GROUPS, group_of

ROOT = Path(__file__).resolve().parents[2]
FILES = {str(file.relative_to(ROOT)): file.read_text() for file in (ROOT / "tests").rglob("test_*.py")}


def test_files_with_a_docker_stack_are_in_two_groups() -> None:
    with_stack = [
        name
        for name, text in FILES.items()
        if re.search(r"^from tests\.e2e\.stack import .*\bStack\b", text, re.MULTILINE)
    ]
    assert len(with_stack) >= 10
    assert {group_of(name) for name in with_stack} == {"tests on one stack", "tests with an own stack"}


def test_every_group_has_a_file() -> None:
    found = {group_of(f"{name}::test") for name in FILES} | {group_of("tests/fault/test_kill.py::test_x[containers]")}
    assert found >= LONG_GROUPS.keys()


def test_a_parameter_decides_where_a_test_of_both_backends_runs() -> None:
    name = "tests/integration/test_republish_above.py::test_x"
    assert group_of(f"{name}[containers-topic4]") == group_of(f"{name}[5-containers]") == "tests in containers"
    assert group_of(f"{name}[embedded-topic4]") == "tests/integration/test_republish_above.py"
