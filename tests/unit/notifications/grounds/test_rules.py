"""When a notice is due: both sides of thresholds, none on incomplete data, episodes with hysteresis."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import yaml

from services.notifications.grounds.rules.rule_set import (
    NoticeRules,
    Thresholds,
    alert_due,
    coaching_due,
    held,
    is_history,
    mail_due,
    nudge_due,
    object_until,
    raise_due,
    rules_from_mapping,
)

ROOT = Path(__file__).resolve().parents[4]
LIMITS = Thresholds(Decimal(70), Decimal(75))
NOW = datetime(2026, 9, 7, 1, 0, tzinfo=UTC)


def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "rules/notices/default.yaml").read_text())
    return loaded


def rules() -> NoticeRules:
    return rules_from_mapping(document())


def values(*numbers: str | None) -> list[Decimal | None]:
    return [None if number is None else Decimal(number) for number in numbers]


@pytest.mark.parametrize("file", sorted((ROOT / "rules").glob("*/*.yaml")), ids=str)
def test_every_shipped_file_of_notice_rules_is_readable(file: Path) -> None:
    content = yaml.safe_load(file.read_text())
    if "reward" in content:
        assert rules_from_mapping(content).objection_days == 14


@pytest.mark.parametrize(
    ("history", "due"),
    [
        (values("90", "90", "90", "90"), True),
        (values("10", None, "90", "90", "90", "90"), True),
        (values("90", "90", "90"), False),
        (values("90", "89.99", "90", "90"), False),
        (values("90", "90", None, "90"), False),
        (values("90", "90", "90", "89.99"), False),
        ([], False),
    ],
)
def test_a_reward_needs_consecutive_evaluations_at_its_score(history: list[Decimal | None], due: bool) -> None:
    assert held(history, rules()) is due


@pytest.mark.parametrize(
    ("revision", "stands", "gone_revision", "due"),
    [
        (1, False, None, True),
        (1, True, None, False),
        (2, False, 2, False),  # the record that removed it, and earlier ones
        (1, False, 2, False),
        (3, False, 2, True),
        (3, True, 2, False),
    ],
)
def test_only_a_newer_record_announces_a_withdrawn_step_again(
    revision: int, stands: bool, gone_revision: int | None, due: bool
) -> None:
    assert alert_due(revision, stands, gone_revision) is due


@pytest.mark.parametrize(
    ("year", "days_ago", "old"),
    [(2026, 200, False), (2025, 60, False), (2025, 61, True), (2027, 0, False)],
)
def test_a_past_year_is_announced_only_by_recent_records(year: int, days_ago: int, old: bool) -> None:
    assert is_history(year, NOW - timedelta(days=days_ago), NOW, ZoneInfo("Asia/Jakarta")) is old


def test_a_year_begins_at_local_midnight() -> None:
    new_year = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)
    assert is_history(2026, NOW, new_year, ZoneInfo("Asia/Jakarta"))
    assert not is_history(2026, NOW, new_year - timedelta(seconds=1), ZoneInfo("Asia/Jakarta"))


OFFICER, HEAD, MAYOR = uuid4(), uuid4(), uuid4()


@pytest.mark.parametrize(
    ("period", "superior", "step", "standing", "due"),
    [
        ("2026/A", HEAD, "A", {"2026/A": MAYOR}, True),
        ("2026/A/up", HEAD, "A", {"2026/A": MAYOR, "2026/A/up": MAYOR}, True),
        ("2026/A", HEAD, "A", {"2026/A": MAYOR, "2026/A/up": MAYOR}, False),
        ("2026/A/up", MAYOR, "A", {"2026/A": MAYOR, "2026/A/up": HEAD}, False),  # a cycle of superiors
        ("2026/A", HEAD, "A", {"2026/A": MAYOR, "2025/A": HEAD, "2026/B": HEAD}, True),
        ("2026/A", None, "A", {"2026/A": MAYOR}, False),
        ("2026/A", OFFICER, "A", {"2026/A": MAYOR}, False),
        ("2026/A", HEAD, "B", {"2026/A": MAYOR}, False),
        ("2026/A", HEAD, None, {"2026/A": MAYOR}, False),
    ],
)
def test_an_alert_is_escalated_once_per_level_and_never_twice_to_one_person(
    period: str, superior: UUID | None, step: str | None, standing: dict[str, UUID], due: bool
) -> None:
    assert raise_due(period, OFFICER, superior, step, standing) is due


@pytest.mark.parametrize(
    ("state", "mailed", "unsure", "what"),
    [
        ("released", False, False, "letter"),
        ("released", False, True, "letter"),
        ("withdrawn", False, False, None),
        ("withdrawn", True, False, "correction"),
        ("withdrawn", False, True, "correction"),
        ("acknowledged", False, True, None),
        ("delivered", True, False, None),
        ("draft", False, False, None),
    ],
)
def test_a_queued_mail_is_a_letter_or_a_correction_by_the_notices_state(
    state: str, mailed: bool, unsure: bool, what: str | None
) -> None:
    assert mail_due(state, mailed=mailed, unsure=unsure) == what


@pytest.mark.parametrize(
    ("history", "due"),
    [
        (values("69.99"), True),
        (values("70.00"), False),
        (values("70.00", "69.99"), True),
        (values("69.99", "69.99"), False),
        (values(None, "69.99"), True),
        (values("69.99", None), False),
        ([], False),
    ],
)
def test_a_nudge_is_due_at_the_first_evaluation_below_entry(history: list[Decimal | None], due: bool) -> None:
    assert nudge_due(history, LIMITS) is due


@pytest.mark.parametrize(
    ("history", "due"),
    [
        (values("69.99", "69.99"), True),
        (values("70.00", "69.99"), False),
        (values("69.99", "70.00"), False),
        (values("60", None), False),
        (values(None, "60"), False),
        (values("60"), False),
        (values("60", "60", "70"), False),
        (values("60", "70", "60"), False),
        (values("70", "70", "60", "60"), True),
    ],
)
def test_coaching_needs_two_evaluations_below(history: list[Decimal | None], due: bool) -> None:
    assert coaching_due(history, LIMITS, None, None, NOW, rules()) is due


@pytest.mark.parametrize(
    ("days_ago", "best_since", "due"),
    [
        (30, "75.01", True),
        (29, "75.01", False),
        (90, "75.00", False),
        (90, "74.00", False),
        (90, None, False),
    ],
)
def test_a_second_coaching_needs_the_end_of_the_first_and_the_cool_down(
    days_ago: int, best_since: str | None, due: bool
) -> None:
    best = None if best_since is None else Decimal(best_since)
    last = NOW - timedelta(days=days_ago)
    assert coaching_due(values("60", "60"), LIMITS, last, best, NOW, rules()) is due


def test_the_objection_ends_with_the_local_day() -> None:
    received = datetime(2026, 7, 6, 3, 0, tzinfo=UTC)
    assert object_until(received, ZoneInfo("Asia/Jakarta"), 14) == datetime(2026, 7, 20, 16, 59, 59, tzinfo=UTC)
    # received at 00:30 local time, still the day before in UTC
    late = datetime(2026, 7, 5, 17, 30, tzinfo=UTC)
    assert object_until(late, ZoneInfo("Asia/Jakarta"), 14) == datetime(2026, 7, 20, 16, 59, 59, tzinfo=UTC)


def _without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda content: content.pop(name)


def _with(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda content: content.update({name: value})


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_without("cool_down_days"), "cool_down_days"),
        (_without("draft_expiry_days"), "draft_expiry_days"),
        (_with("objection_days", 0), "objection_days must be a whole number from 1 to"),
        (_with("objection_days", True), "objection_days must be a whole number"),
        (_with("reward", {"score": 90}), "points"),
        (_with("reward", {"score": "90", "final_days": 60}), "evaluations"),
        (_with("reward", {"score": "90", "evaluations": 0, "final_days": 60}), "above 0"),
        (_with("reward", {"score": "90", "evaluations": 4}), "final_days"),
        (_with("reward", {"score": "101"}), "reward.score must be a number of points from 0 to 100, not '101'"),
        (_with("reward", {"score": "ninety"}), "reward.score must be a number of points in quotes, not 'ninety'"),
        (_with("reward", {"scores": "90"}), "reward: unknown scores; known are evaluations, final_days, score"),
        (_with("coaching", {}), "coaching.score is missing: score, attendance, .* are all required"),
        (lambda c: c["coaching"]["score"].update(exit="65"), "coaching.score: exit must be higher"),
    ],
)
def test_an_invalid_rule_file_is_refused_with_the_name_of_the_value(
    spoil: Callable[[dict[str, Any]], None], words: str
) -> None:
    content = document()
    spoil(content)
    with pytest.raises(ValueError, match=f"^notice rules: .*{words}"):
        rules_from_mapping(content)
