"""When the one-use link of a visit opens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.feedback.visits.rules.links import link_fault

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("used", "expires_at", "fault"),
    [
        (False, NOW + SECOND, None),
        (False, NOW, "expired"),
        (False, NOW - SECOND, "expired"),
        (True, NOW + SECOND, "used"),
        (True, NOW - SECOND, "used"),
    ],
)
def test_a_link_opens_once_until_it_expires(used: bool, expires_at: datetime, fault: str | None) -> None:
    assert link_fault(used=used, expires_at=expires_at, now=NOW) == fault
