"""What moves a machine's watermark, what does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.attendance.machines.rules import watermark as marks
from services.attendance.machines.rules.watermark import (
    Record,
    Upload,
    Watermark,
    after_poll,
    after_statement,
    after_time_set,
)

NOW = datetime(2026, 8, 4, 12, tzinfo=UTC)
FRESH = Watermark(None, None, None, None)


def ago(**by: int) -> datetime:
    return NOW - timedelta(**by)


def record(at: datetime, *, counted: bool = True, future: bool = False) -> Record:
    return Record(at, counted, future)


def after_upload(before: Watermark, received: datetime, records: list[Record], *, in_order: bool = True) -> Watermark:
    upload = Upload()
    for one in records:
        upload.add(one, received)
    return marks.after_upload(before, received, upload, in_order=in_order)


def test_a_backlog_moves_the_mark_to_its_newest_record_and_never_back() -> None:
    moved = after_upload(FRESH, NOW, [record(ago(hours=3)), record(ago(hours=2)), record(ago(minutes=1))])
    assert moved.complete_until == ago(hours=2)
    assert after_upload(moved, NOW, [record(ago(days=9))]).complete_until == ago(hours=2)


def test_a_record_of_exactly_five_minutes_is_live_and_one_second_more_is_backlog() -> None:
    assert after_upload(FRESH, NOW, [record(ago(seconds=300))]).complete_until is None
    assert after_upload(FRESH, NOW, [record(ago(seconds=301))]).complete_until == ago(seconds=301)


def test_what_is_not_counted_or_answers_a_query_proves_nothing() -> None:
    assert after_upload(FRESH, NOW, [record(ago(days=9000), counted=False)]).complete_until is None
    assert after_upload(FRESH, NOW, [record(ago(hours=2))], in_order=False).complete_until is None


def test_the_second_poll_in_quiet_moves_the_watermark() -> None:
    uploaded = after_upload(FRESH, NOW, [])
    first = after_poll(uploaded, NOW + timedelta(seconds=10))
    assert first.complete_until is None
    early = after_poll(first, NOW + timedelta(seconds=19))
    assert early.complete_until is None
    late = after_poll(first, NOW + timedelta(seconds=20))
    assert late.complete_until == NOW + timedelta(seconds=20)


def test_an_upload_between_two_polls_keeps_the_mark() -> None:
    polled = after_poll(FRESH, ago(minutes=2))
    uploaded = after_upload(polled, ago(minutes=1), [record(ago(minutes=1))])
    assert after_poll(uploaded, NOW).complete_until is None


def test_a_wrong_clock_stops_the_marks_until_a_right_punch_or_a_set_clock() -> None:
    wrong = after_upload(FRESH, NOW, [record(NOW + timedelta(hours=7), counted=False, future=True)])
    assert wrong.clock_wrong_since == NOW
    later = NOW + timedelta(minutes=1)
    assert after_upload(wrong, later, [record(ago(hours=2))]).complete_until is None
    assert after_poll(after_poll(wrong, later), NOW + timedelta(minutes=2)).complete_until is None
    assert after_upload(wrong, later, [record(later)]).clock_wrong_since is None
    assert after_time_set(wrong).clock_wrong_since is None


def test_a_post_with_a_right_and_a_wrong_time_leaves_the_clock_in_doubt() -> None:
    records = [record(NOW), record(NOW + timedelta(days=1), counted=False, future=True)]
    assert after_upload(FRESH, NOW, records).clock_wrong_since == NOW


def test_the_first_poll_after_a_silence_proves_nothing() -> None:
    before = after_poll(FRESH, ago(days=2))
    back = after_poll(before, NOW)
    assert back.complete_until is None
    soon = NOW + timedelta(seconds=120)
    assert after_poll(back, soon).complete_until == soon
    assert after_poll(back, soon + timedelta(seconds=1)).complete_until is None


def test_a_machine_keeps_the_order_unless_said_otherwise() -> None:
    assert marks.after_upload(FRESH, NOW, Upload(newest=ago(hours=2))).complete_until == ago(hours=2)


def test_each_event_leaves_the_rest_of_the_state_as_it_was() -> None:
    state = Watermark(ago(hours=9), ago(minutes=1), ago(hours=1), None)
    assert after_upload(state, NOW, []) == Watermark(ago(hours=9), None, NOW, None)
    assert after_poll(state, NOW) == Watermark(NOW, NOW, ago(hours=1), None)
    assert after_statement(state, ago(hours=2)) == Watermark(ago(hours=2), ago(minutes=1), ago(hours=1), None)
    doubted = Watermark(ago(hours=9), ago(minutes=1), ago(hours=1), ago(hours=3))
    assert after_time_set(doubted) == state


def test_the_newest_of_a_backlog_counts_in_any_order() -> None:
    for hours in ((5, 2, 4), (2, 5, 4), (5, 4, 2)):
        records = [record(ago(hours=each)) for each in hours]
        assert after_upload(FRESH, NOW, records).complete_until == ago(hours=2)


def test_a_poll_never_moves_the_mark_back() -> None:
    ahead = Watermark(NOW + timedelta(minutes=1), ago(minutes=1), None, None)
    assert after_poll(ahead, NOW).complete_until == NOW + timedelta(minutes=1)


def test_the_clock_is_wrong_from_the_first_punch_in_the_future_on() -> None:
    future = [record(NOW + timedelta(days=1), counted=False, future=True)]
    wrong = after_upload(FRESH, NOW, future)
    later = after_upload(wrong, NOW + timedelta(hours=1), future)
    assert later.clock_wrong_since == NOW


def test_a_statement_moves_the_mark_forward_only_and_not_while_the_clock_is_wrong() -> None:
    stated = after_statement(FRESH, ago(hours=2))
    assert stated.complete_until == ago(hours=2)
    assert after_statement(stated, ago(hours=3)) == stated
    assert after_statement(stated, ago(hours=1)).complete_until == ago(hours=1)
    assert after_statement(stated, None) == stated
    wrong = Watermark(ago(hours=9), None, None, ago(hours=1))
    assert after_statement(wrong, NOW) == wrong
