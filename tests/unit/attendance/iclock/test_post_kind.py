"""The kind of a post, also if old firmware names no table."""

from __future__ import annotations

import pytest

from services.attendance.access.rules.device_query import parse_query
from services.attendance.iclock.rules.post_kind import PostKind, access_dialect, holds_person_data, post_kind

PUNCH = b"12\t2009-02-01 07:58:03\t0\t1\n"
MENU = b"OPLOG 4\t1\t2009-02-01 07:50:00\t0\t0\t0\t0\n"
PERSON = b"USER PIN=7\tName=Siti\tPasswd=1\n"


def kind(body: bytes, **query: str) -> PostKind:
    return post_kind(parse_query(query.items()), body)


@pytest.mark.parametrize(
    ("query", "body", "expected"),
    [
        ({"table": "ATTLOG"}, PUNCH, PostKind.PUNCHES),
        ({"table": " attlog "}, MENU, PostKind.PUNCHES),
        ({"table": "OPERLOG", "Stamp": "1"}, MENU, PostKind.MENU),
        ({"table": "BIODATA"}, b"BIODATA Pin=1\tTmp=A\n", PostKind.NOT_NEEDED),
        ({"table": "NEWTHING"}, b"a=1\n", PostKind.NOT_UNDERSTOOD),
        # without a table, the lines decide, whatever the stamp's name
        ({"Stamp": "289515406"}, PUNCH + PUNCH, PostKind.PUNCHES),
        ({"Stamp": "289515406"}, MENU, PostKind.MENU),
        ({"OpStamp": "289515406"}, MENU + PERSON, PostKind.MENU),
        ({"OpStamp": "289515406"}, PUNCH, PostKind.PUNCHES),
        ({"OpStamp": "1"}, b"PLOG 0\t0\t2009-02-01 07:50:00\n", PostKind.MENU),
        ({}, b"garbage\n" + PUNCH, PostKind.PUNCHES),
        # no readable line: the stamp's name decides
        ({"Stamp": "1"}, b"garbage\n", PostKind.PUNCHES),
        ({"OpStamp": "1", "Stamp": "2"}, b"garbage\n", PostKind.MENU),
        ({"PhotoStamp": "1"}, b"garbage\n", PostKind.NOT_NEEDED),
        ({}, b"garbage\n", PostKind.NOT_UNDERSTOOD),
        ({}, b"", PostKind.NOT_UNDERSTOOD),
        ({"Stamp": "1"}, b"PIN=1.jpg\nSN=1\nCMD=uploadphoto\0\xff", PostKind.NOT_NEEDED),
    ],
)
def test_a_post_is_known_by_its_table_its_lines_and_its_stamp(
    query: dict[str, str], body: bytes, expected: PostKind
) -> None:
    assert kind(body, **query) is expected


def test_a_long_post_is_known_by_its_first_lines() -> None:
    assert kind(PUNCH * 100_000) is PostKind.PUNCHES
    assert kind(b"x" * 10_000 + b"\n" + PUNCH) is PostKind.NOT_UNDERSTOOD


@pytest.mark.parametrize(
    "query", [{"DeviceType": "acc"}, {"table": "rtlog"}, {"table": "rtstate"}, {"table": "tabledata"}]
)
def test_the_access_dialect_is_known(query: dict[str, str]) -> None:
    assert access_dialect(parse_query(query.items()))
    assert not access_dialect(parse_query({"table": "ATTLOG"}.items()))


def test_records_of_people_are_known_in_any_case() -> None:
    assert holds_person_data(b"newtable pin=1\ttmp=AAAA")
    assert holds_person_data(b"x=1\tContent=AAAA")
    assert not holds_person_data(b"door=1\tstate=open")
