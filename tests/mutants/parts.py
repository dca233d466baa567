"""The pure rules, part by part, and the unit and property tests that belong to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["PARTS", "ROOT", "Part"]

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Part:
    """`modules` are patterns of the files to mutate, `tests` what pytest runs. Both are relative to the checkout."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


PARTS = {
    "attendance": Part(
        ("services/attendance/*/rules/*.py",),
        (
            "tests/unit/attendance",
            "tests/property/test_body_parts.py",
            "tests/property/test_day_status.py",
            "tests/property/test_working_time.py",
        ),
    ),
    "feedback": Part(
        ("services/feedback/*/rules/*.py",),
        ("tests/unit/feedback", "tests/property/test_ballots.py"),
    ),
    "scoring": Part(
        ("services/scoring/*/rules/*.py",),
        ("tests/unit/scoring", "tests/property/test_scoring_rules.py"),
    ),
    "notifications": Part(
        ("services/notifications/*/rules/*.py",),
        ("tests/unit/notifications",),
    ),
    # The modules of shared/ that decide without a database, a broker or a clock.
    "shared": Part(
        (
            "shared/contracts/reading.py",
            "shared/contracts/revisions.py",
            "shared/contracts/semester.py",
            "shared/db/digests.py",
            "shared/base/email_address.py",
            "shared/http/forwarded.py",
            "shared/observability/log_safety.py",
            "shared/office_files/*.py",
            "shared/messaging/consuming/poison_limit.py",
            "shared/base/rule_documents.py",
            "shared/base/rule_faults.py",
            "shared/base/rule_models.py",
            "shared/access/scopes.py",
        ),
        ("tests/unit/shared", "tests/property/test_office_files.py"),
    ),
}
