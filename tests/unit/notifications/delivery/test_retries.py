"""When a mail is tried again, and when it is given up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.notifications.delivery.rules.faults import Blame
from services.notifications.delivery.rules.retries import REFUSALS_MAX, given_up, retry_after

DAYS = timedelta(days=1)


@pytest.mark.parametrize(
    ("blame", "refusals", "reason"),
    [
        ("operator", 0, None),
        ("operator", REFUSALS_MAX - 1, None),
        ("recipient", 0, "EMAIL_REFUSED"),
        ("recipient_for_now", REFUSALS_MAX - 1, None),
        ("recipient_for_now", REFUSALS_MAX, "EMAIL_NOT_ACCEPTED"),
    ],
)
def test_a_mail_is_given_up_because_of_its_recipient_only(blame: Blame, refusals: int, reason: str | None) -> None:
    assert given_up(blame, refusals) == reason


@pytest.mark.parametrize(
    ("attempts", "may_be_accepted", "pause"),
    [
        (1, False, timedelta(seconds=30)),
        (2, False, timedelta(minutes=1)),
        (10, False, timedelta(seconds=30 * 512)),
        (11, False, timedelta(hours=6)),
        (1, True, timedelta(minutes=15)),
        (5, True, timedelta(hours=4)),
        (6, True, timedelta(hours=6)),
        (5_000, False, timedelta(hours=6)),
    ],
)
def test_the_pause_doubles_up_to_six_hours(attempts: int, may_be_accepted: bool, pause: timedelta) -> None:
    assert retry_after(attempts, may_be_accepted=may_be_accepted) == pause


def test_refusals_of_a_mailbox_are_repeated_for_about_three_days() -> None:
    pauses = [retry_after(attempt, may_be_accepted=False) for attempt in range(1, REFUSALS_MAX)]
    assert 2 * DAYS < sum(pauses, timedelta()) < 3 * DAYS
