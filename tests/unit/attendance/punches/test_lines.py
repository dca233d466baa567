"""A post's body as lines of bytes."""

from __future__ import annotations

import pytest

from services.attendance.punches.rules.lines import (
    PART_BYTES,
    count_lines,
    display,
    first_lines,
    parts_of,
    raw_lines,
    stamp_text,
)

LINE = b"12\t2026-08-04 07:58:03\t0\t1\n"


def test_a_line_is_shown_with_what_cannot_be_decoded_replaced() -> None:
    assert display(b"1\0\xff2\tx") == "1\u2400\ufffd2\tx"
    assert display(b"x" * 399 + b"yz") == "x" * 399 + "y"
    assert display("é".encode() * 500) == "é" * 400


def test_lines_are_the_ones_that_are_not_blank_as_they_came() -> None:
    assert raw_lines(b"\xef\xbb\xbf1\t2\r\r\n \t\r\n\n  3 \n\xff\n\xc2\xa0\n4") == [b"1\t2", b"  3 ", b"\xff", b"4"]
    assert raw_lines(b"1\n\xef\xbb\xbf2") == [b"1", b"\xef\xbb\xbf2"]
    assert raw_lines(b"") == []
    assert raw_lines(b"X1X\r\n") == [b"X1X"]


@pytest.mark.parametrize(
    ("body", "sizes"),
    [
        (b"", [0]),
        (b"x", [1]),
        (b"x" * PART_BYTES, [PART_BYTES]),
        (b"x" * (PART_BYTES - 1) + b"\n", [PART_BYTES]),
        (b"x\n" + b"y" * (PART_BYTES - 2), [PART_BYTES]),
        (b"x\n" + b"y" * (PART_BYTES - 2) + b"\n", [2, PART_BYTES - 1]),
        (b"x\n" * (PART_BYTES // 2) + b"y\n", [PART_BYTES, 2]),
        # a line that is longer than a part comes whole, without the next one
        (b"x" * PART_BYTES + b"\n" + b"y\n", [PART_BYTES + 1, 2]),
        (b"x" * (2 * PART_BYTES) + b"\ny\nz", [2 * PART_BYTES + 1, 3]),
        (b"x" * (2 * PART_BYTES), [2 * PART_BYTES]),
        (b"x\n" + b"y" * (2 * PART_BYTES) + b"\nz\n", [2, 2 * PART_BYTES + 1, 2]),
    ],
    ids=range(11),
)
def test_a_body_is_split_into_parts_of_whole_lines(body: bytes, sizes: list[int]) -> None:
    parts = list(parts_of(body))
    assert b"".join(parts) == body
    assert [len(part) for part in parts] == sizes


def test_lines_are_counted_over_all_parts() -> None:
    assert count_lines(LINE * 10_000) == 10_000
    assert count_lines(b"\n\r\n  \n") == 0


def test_the_head_of_a_body_has_whole_lines_only() -> None:
    assert first_lines(LINE * 3, 3 * len(LINE)) == LINE * 3
    assert first_lines(LINE * 3, 3 * len(LINE) - 1) == LINE * 2
    assert first_lines(LINE * 3, 2 * len(LINE)) == LINE * 2
    assert first_lines(LINE, len(LINE) - 1) == b""
    assert first_lines(b"\n12", 2) == b"\n"
    assert first_lines(b"12\t", 3) == b"12\t"  # the only line needs no end


def test_a_stamp_is_kept_for_information() -> None:
    assert stamp_text(None) is None
    assert stamp_text("9\0" + "1" * 99) == "9\u2400" + "1" * 98
    assert stamp_text("") == ""
