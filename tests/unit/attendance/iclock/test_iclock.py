"""What machines send, line by line."""

from __future__ import annotations

from datetime import datetime

import pytest

from services.attendance.access.rules.device_query import parse_query, valid_serial
from services.attendance.iclock.rules.operlog import is_photo, parse_operlog
from services.attendance.iclock.rules.protocol import option_block, parse_devicecmd
from services.attendance.machines.rules.clock import clock_flags
from services.attendance.punches.rules.attlog import AttlogLine, UnreadableLine, parse_attlog

AT = datetime(2026, 1, 5, 7, 31, 44)  # noqa: DTZ001 - a machine's wall clock has no zone


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("12\t2026-01-05 07:31:44\t0\t1", AttlogLine("12", AT, 0, 1, "", "")),
        ("00077\t2026-01-05 07:31:44\t0\t1\t0", AttlogLine("00077", AT, 0, 1, "0", "")),
        ("1203\t2026-01-05 07:31:44\t255\t1\t\t0\t0\t17", AttlogLine("1203", AT, 255, 1, "", "17")),
        ("5\t2026-01-05 07:31:44\t0\t1\t\t0\t0\t", AttlogLine("5", AT, 0, 1, "", "")),
        ("5\t2026-01-05 07:31:44\t1\t15\t\t0\t0\t\t\t44", AttlogLine("5", AT, 1, 15, "", "\t\t44")),
        ("5\t2026-01-05T07:31:44", AttlogLine("5", AT, 255, None, "", "")),
        ("  7_12-03 \t2026-01-05 07:31:44\t\t\t", AttlogLine("7_12-03", AT, 255, None, "", "")),
        ("5\t2026-01-05 07:31:44\tx\t-1", AttlogLine("5", AT, 255, None, "", "")),
        ("5\t2026-01-05 07:31:44" + "\t0" * 14, AttlogLine("5", AT, 0, 0, "0", "\t".join("0" * 9))),
    ],
)
def test_readable_lines(line: str, expected: AttlogLine) -> None:
    assert parse_attlog(line.encode()) == [expected]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"12\0\t2026-01-05 07:31:44\t0", "nul_byte"),
        (b"\xff\xfe12\t2026-01-05 07:31:44\t0", "undecodable"),
        (b"PIN=12\tDateTime=2026-01-05 07:31:44", "key_value_pairs"),
        (b"table=ATTLOG&data=12", "key_value_pairs"),
        (b"ATTLOG\t12\t2026-01-05 07:31:44", "attlog_prefix"),
        (b"ATTLOG 12\t2026-01-05 07:31:44", "attlog_prefix"),
        (b"12 2026-01-05 07:31:44 0 1", "too_few_columns"),
        (b"5\t2026-01-05 07:31:44" + b"\t0" * 15, "too_many_columns"),
        (b" \t2026-01-05 07:31:44\t0", "pin_empty"),
        (b"1" * 65 + b"\t2026-01-05 07:31:44\t0", "pin_too_long"),
        (b"1\x072\t2026-01-05 07:31:44\t0", "pin_control_character"),
        (b"12\t2026-02-30 07:31:44\t0", "time_invalid"),
        (b"12\t0000-00-00 00:00:00\t0", "time_invalid"),
        (b"12\t0001-01-01 00:00:00\t0", "time_invalid"),
        (b"12\t2026-01-05 07:31\t0", "time_invalid"),
        (b"12\t2026-W01-1T07:31:44\t0", "time_invalid"),
        (b"12\t20260105T073144.123\t0", "time_invalid"),
        (b"12\t\t0", "time_invalid"),
    ],
)
def test_unreadable_lines_give_a_reason(line: bytes, reason: str) -> None:
    (result,) = parse_attlog(line)
    assert isinstance(result, UnreadableLine)
    assert result.reason == reason
    assert "\0" not in result.line_text


def test_every_non_blank_line_counts_once_and_a_bad_one_spoils_no_other() -> None:
    body = b"\r\n0071\t2026-01-05 07:31:44\t0\t1\r\n\n   \ngarbage\r\n\xff\n71\t2026-01-05 07:31:44\t0\t1"
    results = parse_attlog(body)
    assert len(results) == 4
    assert [each.pin for each in results if isinstance(each, AttlogLine)] == ["0071", "71"]


def test_old_dates_are_readable_and_flagged() -> None:
    for text in ("1900-01-01 00:00:00", "2000-01-01 00:00:03"):
        (line,) = parse_attlog(f"1\t{text}\t0".encode())
        assert isinstance(line, AttlogLine)
        assert clock_flags(line.local_time, AT) == ["clock_reset"]


def test_more_than_five_minutes_ahead_is_the_future() -> None:
    assert clock_flags(AT.replace(minute=36), AT.replace(minute=31)) == []
    assert clock_flags(AT.replace(minute=36, second=45), AT) == ["future"]


def test_operlog_keeps_no_secret() -> None:
    body = (
        b"OPLOG 21\t14\t2026-01-05 07:31:44\t0\t0\t0\t0\r\nPLOG 4\t0\t2026-01-05 07:31:44\n"
        b"USER PIN=0071\tName=Siti\tPri=0\tPasswd=hunter2\tCard=998877\n"
        b"FP Pin=72\tFID=1\tSize=9\tValid=1\tTMP=SECRETTEMPLATE\nBIODATA Pin=73\tNo=0\tTmp=SECRETTEMPLATE\nSECRETTEMPLATE2=="
    )
    events = parse_operlog(body)
    assert [(each.tag, each.pin) for each in events[2:]] == [
        ("USER", "0071"),
        ("FP", "72"),
        ("BIODATA", "73"),
        ("UNKNOWN", None),
    ]
    assert (events[0].code, events[0].name, events[0].who, events[0].local_time) == (21, "time_set", "14", AT)
    assert [each.audit for each in events[:3]] == [True, False, False]
    assert not any(secret in repr(events) for secret in ("Siti", "hunter2", "998877", "SECRET"))
    assert [each.audit for each in parse_operlog(b"".join(b"OPLOG %d\t1\n" % n for n in (13, 22, 23, 24)))] == [
        True
    ] * 4


def test_a_photo_is_known_by_its_body() -> None:
    assert is_photo(b"PIN=20260103074501-33.jpg\nSN=X\nsize=3\nCMD=uploadphoto\0\xff\xd8\xff")
    assert not is_photo(b"12\t2026-01-05 07:31:44\t0\t1")


def test_command_results() -> None:
    body = b"ID=a1&Return=0&CMD=DATA QUERY\nID=7&SN=X1&Return=-1002&CMD=VERIFY SUM&AttlogSum=412\nID=;drop&Return=0\n"
    assert [(each.id, each.return_code, each.cmd, each.attlog_sum) for each in parse_devicecmd(body)] == [
        ("a1", 0, "DATA QUERY", None),
        ("7", -1002, "VERIFY SUM", 412),
    ]
    (info,) = parse_devicecmd(b"ID=9\nReturn=0\nCMD=INFO\n~DeviceName=X\nFWVersion=1\n")
    assert (info.id, info.return_code, info.cmd) == ("9", 0, "INFO")
    assert parse_devicecmd(b"\xff\0garbage") == []


def test_queries_are_case_blind_and_trimmed() -> None:
    query = parse_query([("sn", " XYZ1 "), ("Table", " attlog"), ("OpStamp", "9999"), ("options", "all")])
    assert (query.serial, query.table, query.stamp, query.wants_options) == ("XYZ1", "ATTLOG", "9999", False)
    assert parse_query([("SN", "X"), ("Options", "ALL")]).wants_options
    assert parse_query([("SN", "../etc")]).serial is None


@pytest.mark.parametrize(
    ("serial", "valid"), [("A-b_9", True), ("", False), ("A" * 65, False), ("A\n", False), ("é", False), ("a b", False)]
)
def test_serials(serial: str, valid: bool) -> None:
    assert valid_serial(serial) is valid


@pytest.mark.parametrize(("offset", "sent"), [(420, "7"), (540, "9"), (330, "330"), (-210, "-210"), (-300, "-5")])
def test_zone_is_whole_hours_or_minutes(offset: int, sent: str) -> None:
    lines = option_block("XYZ1", zone_offset_minutes=offset).split("\n")
    assert lines[0] == "GET OPTION FROM: XYZ1"
    assert f"TimeZone={sent}" in lines


def test_the_handshake_invites_no_biometrics_and_no_encryption() -> None:
    lines = option_block("XYZ1", zone_offset_minutes=420).split("\n")
    assert {"TransFlag=TransData AttLog\tOpLog", "Encrypt=None", "PushProtVer=2.2.14", "Realtime=1"} <= set(lines)
    assert {"Stamp=9999", "ATTLOGStamp=None", "OpStamp=9999", "OPERLOGStamp=9999"} <= set(lines)
    with pytest.raises(ValueError, match="serial"):
        option_block("X\nEncrypt=1", zone_offset_minutes=420)


def test_no_more_results_are_read_than_commands_are_given() -> None:
    assert len(parse_devicecmd(b"ID=1&Return=0&CMD=CHECK\n" * 5_000)) == 200
    assert parse_devicecmd(b"\n" * 100_000 + b"ID=1&Return=0&CMD=CHECK\n") == []
