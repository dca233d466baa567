"""Menu operations and records of people, line by line."""

from __future__ import annotations

from datetime import datetime

import pytest

from services.attendance.iclock.rules.operlog import OPERATION_NAMES, OperEvent, is_photo, parse_operlog

AT = datetime(2026, 1, 5, 7, 31, 44)  # noqa: DTZ001 - a machine's wall clock has no zone


def menu(code: int | None, name: str | None, who: str | None = None, at: datetime | None = None) -> OperEvent:
    return OperEvent("OPLOG", code, name, who, None, at)


def person(tag: str, pin: str | None) -> OperEvent:
    return OperEvent(tag, None, None, None, pin, None)


UNKNOWN = OperEvent("UNKNOWN", None, None, None, None, None)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("OPLOG 4\t12\t2026-01-05 07:31:44\t0\t0\t0\t0", menu(4, "menu_opened", "12", AT)),
        (" oplog 4\t 12 \t2026-01-05 07:31:44", menu(4, "menu_opened", "12", AT)),
        ("PLOG 0\t0\t2026-01-05 07:31:44", menu(0, "power_on", "0", AT)),
        ("OPLOG 4\t12", menu(4, "menu_opened", "12")),
        ("OPLOG 4", menu(4, "menu_opened")),
        ("OPLOG 4\t\tnever", menu(4, "menu_opened")),
        ("OPLOG 9999\t12", menu(9999, None, "12")),
        ("OPLOG 10000\t12", menu(None, None, "12")),
        ("OPLOG x\t12", menu(None, None, "12")),
        ("OPLOG ٤\t12", menu(None, None, "12")),
        ("OPLOG", menu(None, None)),
        ("OPLOG 4\t" + "9" * 64, menu(4, "menu_opened", "9" * 64)),
        ("OPLOG 4\t" + "9" * 65, menu(4, "menu_opened")),
        ("OPLOG 4\t1\x072", menu(4, "menu_opened")),
        ("USER PIN=7\tName=Siti", person("USER", "7")),
        ("user Name=Siti\t pin = 0071 ", person("USER", "0071")),
        ("FP PIN=7=8", person("FP", "7=8")),
        ("FACE PIN", person("FACE", None)),
        ("USERPIC PIN=", person("USERPIC", None)),
        ("BIOPHOTO Name=Siti", person("BIOPHOTO", None)),
        ("USER PINX=7\tPIN=8\tPIN=9", person("USER", "8")),
        ("garbage PIN=7", UNKNOWN),
        ("USERS PIN=7", UNKNOWN),
        # only blanks around a value are removed
        ("\tOPLOG 4\t12", UNKNOWN),
        ("XOPLOG 4\t12", UNKNOWN),
        ("OPLOG \x0b4\t12", menu(None, None, "12")),
        ("OPLOG X4\tX12X", menu(None, None, "X12X")),
        ("OPLOG 4\t\x0b12", menu(4, "menu_opened")),
        ("USER PIN=X7X", person("USER", "X7X")),
        ("USER PIN=\x0b7", person("USER", None)),
    ],
)
def test_a_line_gives_its_operation_or_its_persons_pin(line: str, expected: OperEvent) -> None:
    assert parse_operlog(line.encode()) == [expected]


def test_each_line_that_is_not_blank_gives_one_event() -> None:
    body = b"\xef\xbb\xbfOPLOG 4\t1\r\n\r\n   \nOPLOG 4\t\xff\nUSER PIN=\xff\n\xff\n"
    assert parse_operlog(body) == [
        menu(4, "menu_opened", "1"),
        menu(4, "menu_opened"),
        person("USER", None),
        UNKNOWN,
    ]
    assert parse_operlog(b"") == []


def test_each_operation_has_its_own_number_and_only_the_risky_ones_are_audited() -> None:
    events = parse_operlog(b"".join(b"OPLOG %d\t1\n" % code for code in range(40)))
    assert {event.code: event.name for event in events if event.name} == OPERATION_NAMES
    assert {event.code for event in events if event.audit} == {13, 21, 22, 23, 24}


@pytest.mark.parametrize(
    ("body", "photo"),
    [
        (b"PIN=1.jpg\nCMD=uploadphoto\0\xff", True),
        (b"PIN=1.jpg\nCMD=uploadphoto\n", False),
        (b"PIN=1.jpg\0\xff", False),
        (b"x" * 2032 + b"CMD=uploadphoto\0", True),
        (b"x" * 2033 + b"CMD=uploadphoto\0", False),
    ],
)
def test_a_photo_has_its_command_and_a_nul_in_its_head(body: bytes, photo: bool) -> None:
    assert is_photo(body) is photo
