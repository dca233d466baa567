"""The lists of `make mutants` match the code, and its runner reports what no test notices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.mutants.explained import change_of, read_explanations
from tests.mutants.mistakes import Mistake, fault_of, read_mistakes, tried
from tests.mutants.parts import PARTS, ROOT
from tests.mutants.pure_rules import report

RULE = "def is_late(minutes: int) -> bool:\n    return minutes > 0\n"
ITS_TEST = "from rule import is_late\n\ndef test_a_minute_is_late() -> None:\n    assert is_late(1)\n"


def stripped(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())


@pytest.mark.parametrize("mistake", read_mistakes(), ids=str)
def test_every_mistake_has_its_text_and_its_tests(mistake: Mistake) -> None:
    assert fault_of(mistake) is None


@pytest.mark.parametrize("part", PARTS)
def test_every_explained_line_is_in_the_code_and_has_a_reason(part: str) -> None:
    for explanation in read_explanations(part):
        change = explanation.change
        source = stripped((ROOT / change.file).read_text(encoding="utf-8"))
        assert change.old in source, (change.file, change.old)
        assert explanation.reason.strip(), change


@pytest.mark.parametrize("part", PARTS)
def test_every_pattern_of_a_part_has_files(part: str) -> None:
    assert all(list(ROOT.glob(pattern)) for pattern in (*PARTS[part].modules, *PARTS[part].tests))


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree with one rule, and a test that calls it with 1 only."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # quick
    (tmp_path / "rule.py").write_text(RULE)
    (tmp_path / "test_rule.py").write_text(ITS_TEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def mistake_in(tree: Path, **changes: Any) -> Mistake:
    usual = {"old": "minutes > 0", "new": "minutes < 0", "tests": ("test_rule.py::test_a_minute_is_late",)}
    return Mistake(part="rule", name="a late officer is on time", file="rule.py", **{**usual, **changes})


def test_a_mistake_that_a_test_notices_is_noticed(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tried(mistake_in(tree), tree)
    assert "noticed  rule: a late officer is on time" in capsys.readouterr().out
    assert (tree / "rule.py").read_text() == RULE


def test_a_mistake_that_no_test_notices_is_reported(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not tried(mistake_in(tree, new="minutes >= 0"), tree)
    assert "MISSED   rule: a late officer is on time" in capsys.readouterr().out
    assert (tree / "rule.py").read_text() == RULE


def test_tests_that_fail_anyway_notice_nothing(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "test_rule.py").write_text("def test_a_minute_is_late() -> None:\n    raise AssertionError\n")
    assert not tried(mistake_in(tree), tree)
    assert "BROKEN" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"old": "minutes > 1"}, "old occurs 0 times in rule.py"),
        ({"old": "minutes"}, "old occurs 2 times in rule.py"),
        ({"new": "minutes > 0"}, "new is the same as old"),
        ({"tests": ()}, "no tests are named"),
        ({"tests": ("test_gone.py",)}, "no such test: test_gone.py"),
        ({"tests": ("test_rule.py::test_gone",)}, "no such test: test_rule.py::test_gone"),
    ],
)
def test_a_stale_entry_is_named(tree: Path, changes: dict[str, Any], fault: str) -> None:
    assert fault_of(mistake_in(tree, **changes), tree) == fault


def outcome(number: int, *, killed: bool) -> dict[str, Any]:
    diff = f"--- a\n+++ a\n@@ -1 +1 @@\n-    return {number}\n+    return {number + 1}"
    mutant = f"services.scoring.policy.rules.score.x_gone__mutmut_{number}"
    return {
        "mutant": mutant,
        "file": "services/scoring/policy/rules/score.py",
        "status": "killed" if killed else "survived",
        "killed": killed,
        "diff": "" if killed else diff,
    }


@pytest.mark.parametrize(("survived", "enough"), [(0, True), (5, True), (6, False)])
def test_a_part_needs_95_percent(survived: int, enough: bool, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = [outcome(number, killed=number >= survived) for number in range(100)]
    assert report("scoring", outcomes, explanations=[]) == enough
    printed = capsys.readouterr().out
    assert f"scoring: {100 - survived}.0 % killed of 100, and 0 explained" in printed
    assert printed.count("-    return ") == survived


def test_an_explanation_of_no_survivor_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change = change_of(outcome(1, killed=False))
    (tmp_path / "scoring.toml").write_text(
        f"[[explained]]\nfile = '{change.file}'\nfunction = '{change.function}'\n"
        f"old = '{change.old}'\nnew = '{change.new}'\nreason = 'equivalent'\n"
    )
    explanations = read_explanations("scoring", tmp_path)
    assert report("scoring", [outcome(1, killed=False)], explanations)
    assert not report("scoring", [outcome(1, killed=True)], explanations)
    assert "explained, but no longer a survivor: services/scoring/policy/rules/score.py gone" in capsys.readouterr().out
