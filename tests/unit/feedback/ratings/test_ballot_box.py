"""Where a vote goes, when a batch is quarantined, and which semesters can be published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from services.feedback.ratings.rules.ballots import (
    Ballot,
    Batch,
    Cause,
    Content,
    accept,
    cast,
    dismiss,
    forget_minutes,
    full_semesters,
    minute_of,
    semesters_before,
)
from services.feedback.ratings.rules.intake import Burst, Delay, IntakeRules
from shared.contracts.semester import Semester

RULES = IntakeRules(
    visit_valid_hours=168,
    visit_retention_days=30,
    burst=Burst(ratings=3, minutes=10),
    group_minimum=3,
    publish_after_seconds=Delay(least=1, most=1),
    minimum_respondents=10,
)
MONDAY, TUESDAY = date(2026, 8, 3), date(2026, 8, 4)
GOOD, BAD = Ballot(MONDAY, {"product": 4}), Ballot(MONDAY, {"product": 1})
LATER = Ballot(TUESDAY, {"product": 3})
FIRST, SECOND, THIRD = UUID(int=1), UUID(int=2), UUID(int=3)
S1, S2 = Semester(2026, 1), Semester(2026, 2)


def voted(
    content: Content,
    ballot: Ballot = GOOD,
    *,
    minute: int | None = 100,
    suspicious: bool = False,
    batch_id: UUID = FIRST,
) -> Content:
    return cast(content, ballot, RULES, minute=minute, suspicious=suspicious, batch_id=batch_id)


def voted_at(minutes: Iterable[int]) -> Content:
    content = Content()
    for minute in minutes:
        content = voted(content, minute=minute)
    return content


def test_a_vote_waits_and_its_minute_is_counted() -> None:
    assert voted(Content()) == Content((GOOD,), (), {100: 1})
    assert voted_at([100, 100, 101]) == Content((GOOD,) * 3, (), {100: 2, 101: 1})


@pytest.mark.parametrize(
    ("minutes", "waiting"),
    [
        ([100, 100, 100], 3),
        ([100, 100, 100, 100], 3),
        ([100, 100, 100, 109], 3),
        ([100, 100, 100, 110], 4),
        ([100, 105, 109, 110], 4),
        ([100, 105, 109, 109, 110], 3),  # a quarantined vote counts as well
    ],
)
def test_more_votes_within_the_minutes_than_allowed_are_a_burst(minutes: list[int], waiting: int) -> None:
    content = voted_at(minutes)
    burst = (GOOD,) * (len(minutes) - waiting)
    assert content.waiting == (GOOD,) * waiting
    assert content.quarantined == ((Batch(FIRST, "BURST", MONDAY, burst),) if burst else ())


def test_the_burst_rule_does_not_apply_without_a_minute() -> None:
    content = Content(minutes={100: 3})
    assert voted(content, minute=None) == replace(content, waiting=(GOOD,))


@pytest.mark.parametrize("before", [{}, {100: 3}])
def test_a_robots_vote_is_quarantined_as_such_also_in_a_burst(before: dict[int, int]) -> None:
    content = voted(Content(minutes=before), suspicious=True)
    assert content.waiting == ()
    assert content.quarantined == (Batch(FIRST, "HONEYPOT", MONDAY, (GOOD,)),)
    assert content.minutes == {100: before.get(100, 0) + 1}


def test_a_batch_has_the_ballots_of_one_day_and_one_cause() -> None:
    content = Content(minutes={100: 3})
    content = voted(content, LATER, batch_id=FIRST)
    content = voted(content, GOOD, suspicious=True, batch_id=SECOND)
    content = voted(content, GOOD, batch_id=THIRD)
    for ballot, suspicious in ((BAD, True), (BAD, False), (LATER, False)):
        content = voted(content, ballot, suspicious=suspicious, batch_id=UUID(int=9))  # these batches exist already
    # sorted by day and cause, the ballots by their values: the order of arrival is not preserved
    assert content.quarantined == (
        Batch(THIRD, "BURST", MONDAY, (BAD, GOOD)),
        Batch(SECOND, "HONEYPOT", MONDAY, (BAD, GOOD)),
        Batch(FIRST, "BURST", TUESDAY, (LATER, LATER)),
    )


def test_the_burst_rule_needs_only_the_newest_minutes() -> None:
    assert forget_minutes({89: 1, 90: 2, 91: 3, 100: 4}, 100, 10) == {91: 3, 100: 4}


@pytest.mark.parametrize(
    ("moment", "minute"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(1970, 1, 1, 0, 2, 59, 999_999, tzinfo=UTC), 2),
        (datetime(1970, 1, 2, 7, 3, tzinfo=ZoneInfo("Asia/Jakarta")), 1443),
    ],
)
def test_minutes_are_counted_since_1970(moment: datetime, minute: int) -> None:
    found = minute_of(moment)
    assert (found, type(found)) == (minute, int)


def ballots_of(semester: Semester, fresh: int, published_before: int = 0) -> tuple[Ballot, ...]:
    new = Ballot(semester.last_day, {"product": 4})
    return (new,) * fresh + (replace(new, published_before=True),) * published_before


@pytest.mark.parametrize(
    ("waiting", "full"),
    [
        (ballots_of(S1, 2), []),
        (ballots_of(S1, 3), [S1]),
        (ballots_of(S1, 2, published_before=9), []),
        (ballots_of(S1, 3, published_before=9), [S1]),
        (ballots_of(S1, 2) + ballots_of(S2, 2), []),
        (ballots_of(S2, 4) + ballots_of(S1, 3), [S1, S2]),
    ],
)
def test_a_semester_is_full_with_enough_ballots_that_were_never_published(
    waiting: tuple[Ballot, ...], full: list[Semester]
) -> None:
    assert full_semesters(Content(waiting), 3) == full


def test_only_past_semesters_are_before_the_present_one() -> None:
    content = Content(ballots_of(S1, 2) + ballots_of(S2, 1))
    found = [semesters_before(content, present) for present in (S1, S2, Semester(2027, 1))]
    assert found == [[], [S1], [S1, S2]]


def test_an_accepted_batch_waits_and_a_dismissed_one_is_gone() -> None:
    causes: list[tuple[UUID, Cause]] = [(FIRST, "BURST"), (SECOND, "HONEYPOT")]
    burst, robot = (Batch(batch_id, cause, MONDAY, (BAD,)) for batch_id, cause in causes)
    content = Content((GOOD,), (burst, robot))
    assert accept(content, FIRST) == (burst, Content((BAD, GOOD), (robot,)))
    assert dismiss(content, SECOND) == (robot, Content((GOOD,), (burst,)))


def test_a_batch_that_the_box_does_not_contain_changes_nothing() -> None:
    content = Content((GOOD,), (Batch(FIRST, "BURST", MONDAY, (BAD,)),))
    assert accept(content, SECOND) == (None, content)
    assert dismiss(content, SECOND) == (None, content)
