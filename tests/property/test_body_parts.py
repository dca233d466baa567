"""A long post gives the same result when it is read in parts and at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.attendance.punches.rules import lines
from services.attendance.punches.rules.attlog import parse_attlog
from services.attendance.punches.rules.lines import count_lines, parts_of, raw_lines

pieces = st.sampled_from(
    [
        b"12\t2026-08-04 07:58:03\t0\t1",
        b"",
        b"   ",
        b"x",
        "ü\t2026-08-04 07:58:03".encode(),
        b"\xff\xfe",
        b"1\0\t2",
        b"\r",
    ]
)
bodies = st.lists(st.tuples(pieces, st.sampled_from([b"\n", b"\r\n", b"\n\n", b""])), max_size=40).map(
    lambda parts: b"".join(piece + end for piece, end in parts)
)


@given(body=bodies, size=st.integers(1, 60))
def test_parts_are_whole_lines_of_the_body(body: bytes, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "PART_BYTES", size)
        parts = list(parts_of(body))
        assert b"".join(parts) == body
        assert all(part.endswith(b"\n") for part in parts[:-1])
        assert all(part.count(b"\n") <= 1 or len(part) <= size for part in parts)
        assert [line for part in parts for line in parse_attlog(part)] == parse_attlog(body)
        assert [line for part in parts for line in raw_lines(part)] == raw_lines(body)
        assert count_lines(body) == len(parse_attlog(body))
