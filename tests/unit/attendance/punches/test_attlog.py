"""Lines of punches at the limits of what is readable."""

from __future__ import annotations

from datetime import datetime

import pytest

from services.attendance.machines.rules.clock import clock_flags
from services.attendance.punches.rules.attlog import (
    AttlogLine,
    UnreadableLine,
    UnreadableReason,
    parse_attlog,
    parse_device_time,
)
from services.attendance.punches.rules.punch import Direction, direction_of

AT = datetime(2026, 1, 5, 7, 31, 44)  # noqa: DTZ001 - a machine's wall clock has no zone
TIME = "2026-01-05 07:31:44"


def parsed(line: str) -> AttlogLine | UnreadableLine:
    (found,) = parse_attlog(line.encode())
    return found


def unreadable(line: str) -> UnreadableReason:
    found = parsed(line)
    assert isinstance(found, UnreadableLine)
    return found.reason


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"5\t{TIME}\t1", AttlogLine("5", AT, 1, None, "", "")),
        (f"5\t{TIME}\t1\t4\r", AttlogLine("5", AT, 1, 4, "", "")),
        # TABs at the end are columns
        (f"5\t{TIME}\t1\t4\t0\t0\t0\t7\t\r", AttlogLine("5", AT, 1, 4, "0", "7\t")),
        # only blanks around a value are removed
        (f"5\t {TIME} \t 1 \t 4 \t 9 ", AttlogLine("5", AT, 1, 4, "9", "")),
        (f"X5X\t{TIME}\t1\t4\tX9X", AttlogLine("X5X", AT, 1, 4, "X9X", "")),
        (f"5\t{TIME}\t\x0b1\tX4\t\u00a09", AttlogLine("5", AT, 255, None, "\u00a09", "")),
        # codes are numbers from 0 to 32767, of at most five digits
        (f"5\t{TIME}\t256\t32767", AttlogLine("5", AT, 256, 32767, "", "")),
        (f"5\t{TIME}\t00001\t32768", AttlogLine("5", AT, 1, None, "", "")),
        (f"5\t{TIME}\t000001\t٣", AttlogLine("5", AT, 255, None, "", "")),
        # a PIN that is not only letters and digits
        (f"7_12\t{TIME}", AttlogLine("7_12", AT, 255, None, "", "")),
        (f"{'7-' * 32}\t{TIME}", AttlogLine("7-" * 32, AT, 255, None, "", "")),
        (f"7_12\t{TIME}{chr(9) * 14}", AttlogLine("7_12", AT, 255, None, "", "\t" * 8)),
        (f"{'7' * 64}\t{TIME}", AttlogLine("7" * 64, AT, 255, None, "", "")),
        (f"Ani\t{TIME}", AttlogLine("Ani", AT, 255, None, "", "")),
        (f"DATANG\t{TIME}", AttlogLine("DATANG", AT, 255, None, "", "")),
    ],
)
def test_readable_lines(line: str, expected: AttlogLine) -> None:
    assert parsed(line) == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"attlog\t{TIME}", UnreadableReason.ATTLOG_PREFIX),
        (f"DATA=7\t{TIME}", UnreadableReason.KEY_VALUE_PAIRS),
        (f"\x0b7\t{TIME}", UnreadableReason.PIN_CONTROL_CHARACTER),
        (f"{'7-' * 32}7\t{TIME}", UnreadableReason.PIN_TOO_LONG),
        (f"7_12\t{TIME}{chr(9) * 15}", UnreadableReason.TOO_MANY_COLUMNS),
        ("7_12", UnreadableReason.TOO_FEW_COLUMNS),
    ],
)
def test_unreadable_lines(line: str, reason: UnreadableReason) -> None:
    assert unreadable(line) is reason


@pytest.mark.parametrize(
    ("column", "time"),
    [
        (TIME, AT),
        ("2026-01-05T07:31:44", AT),
        (f"  {TIME}", AT),
        (f"{TIME} ", AT),
        ("1900-01-01 00:00:00", datetime(1900, 1, 1)),  # noqa: DTZ001
        ("2199-12-31 23:59:59", datetime(2199, 12, 31, 23, 59, 59)),  # noqa: DTZ001
        ("1899-12-31 23:59:59", None),
        ("2200-01-01 00:00:00", None),
        ("2026-01-05X07:31:44", None),
        ("2026/01/05 07:31:44", None),
        ("2026-01/05 07:31:44", None),
        ("2026-01-05 07.31.44", None),
        ("2026-01-05 07:31.44", None),
        (f"\x0b{TIME}", None),
        (f"X{TIME}", None),
        (f"{TIME}Z", None),
        ("", None),
    ],
)
def test_a_time_has_one_form_with_a_blank_or_a_t(column: str, time: datetime | None) -> None:
    assert parse_device_time(column) == time


def test_a_line_of_2000_characters_is_read_and_a_longer_one_is_shown_shortened() -> None:
    longest = f"5\t{TIME}\t0\t1\t0\t0\t0\t".ljust(2000, "x")
    found = parsed(longest)
    assert isinstance(found, AttlogLine)
    assert len(found.extra) == 2000 - len(f"5\t{TIME}\t0\t1\t0\t0\t0\t")
    assert parsed(longest + "x") == UnreadableLine(longest[:400], UnreadableReason.LINE_TOO_LONG)


def test_the_byte_order_mark_of_a_body_is_no_part_of_its_first_pin() -> None:
    first, second = parse_attlog(f"\ufeff5\t{TIME}\n6\t{TIME}\ufeff".encode())
    assert isinstance(first, AttlogLine)
    assert isinstance(second, UnreadableLine)
    assert (first.pin, second.line_text) == ("5", f"6\t{TIME}\ufeff")


def test_an_unreadable_line_is_shown_without_nul() -> None:
    assert parsed(f"1\0\t{TIME}") == UnreadableLine(f"1\ufffd\t{TIME}", UnreadableReason.NUL_BYTE)


def test_a_clock_before_2010_was_reset() -> None:
    assert clock_flags(datetime(2009, 12, 31, 23, 59, 59), AT) == ["clock_reset"]  # noqa: DTZ001
    assert clock_flags(datetime(2010, 1, 1), AT) == []  # noqa: DTZ001


@pytest.mark.parametrize(
    ("status", "direction"),
    [
        (0, Direction.IN),
        (1, Direction.OUT),
        (2, Direction.UNKNOWN),  # break out
        (3, Direction.UNKNOWN),  # break in
        (4, Direction.IN),
        (5, Direction.OUT),
        (255, Direction.UNKNOWN),
    ],
)
def test_the_key_pressed_gives_the_direction(status: int, direction: Direction) -> None:
    assert direction_of(status) is direction
