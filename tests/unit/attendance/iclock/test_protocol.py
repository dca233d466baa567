"""The handshake's response, a poll's report and the results of commands, field by field."""

from __future__ import annotations

import pytest

from services.attendance.iclock.rules.protocol import CommandResult, option_block, parse_devicecmd, parse_info


def test_the_handshake_is_answered_with_these_lines() -> None:
    assert option_block("XYZ1", zone_offset_minutes=420).split("\n") == [
        "GET OPTION FROM: XYZ1",
        "Stamp=9999",
        "OpStamp=9999",
        "PhotoStamp=9999",
        "ATTLOGStamp=None",
        "OPERLOGStamp=9999",
        "ATTPHOTOStamp=None",
        "ErrorDelay=60",
        "Delay=10",
        "TransTimes=00:00;14:05",
        "TransInterval=1",
        "TransFlag=TransData AttLog\tOpLog",
        "TimeZone=7",
        "Realtime=1",
        "Encrypt=None",
        "ServerVer=2.2.14",
        "PushProtVer=2.2.14",
        "",
    ]


def test_a_machine_is_asked_for_its_comm_key_on_request() -> None:
    lines = option_block("XYZ1", zone_offset_minutes=420, send_comm_key=True).split("\n")
    assert lines[-2:] == ["IsPushComKey=1", ""]


@pytest.mark.parametrize("offset", [-720, 840])
@pytest.mark.parametrize("seconds", [1, 3600])
def test_values_at_the_limits_are_sent(offset: int, seconds: int) -> None:
    lines = option_block(
        "XYZ1", zone_offset_minutes=offset, delay_seconds=seconds, error_delay_seconds=seconds, trans_flag="1"
    ).split("\n")
    expected = {f"Delay={seconds}", f"ErrorDelay={seconds}", f"TimeZone={offset // 60}", "TransFlag=1"}
    assert expected <= set(lines)


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone_offset_minutes": -721},
        {"zone_offset_minutes": 841},
        {"delay_seconds": 0},
        {"delay_seconds": 3601},
        {"error_delay_seconds": 0},
        {"error_delay_seconds": 3601},
    ],
)
def test_values_beyond_the_limits_are_refused(wrong: dict[str, int]) -> None:
    values = {"zone_offset_minutes": 420} | wrong
    with pytest.raises(ValueError, match=r"must be between|delays must be"):
        option_block("XYZ1", **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("info", "records"),
    [
        ("Ver 6.60 Apr 9 2010,3,4,142,10.20.3.4,10,7,15", 142),
        ("Ver 6.60,3,4,142", 142),
        ("Ver 6.60,3,4, 0 ,x", 0),
        ("Ver 6.60,3,4", None),
        ("Ver 6.60,3,4,", None),
        ("Ver 6.60,3,4,many", None),
        ("Ver 6.60,3,4,٣", None),
        ("Ver 6.60,3,4,9999999999", 9_999_999_999),
        ("Ver 6.60,3,4,10000000000", None),
        ("", None),
    ],
)
def test_a_poll_reports_the_number_of_stored_punches(info: str, records: int | None) -> None:
    assert parse_info(info).records == records


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # one line for each result
        (b"ID=7&Return=0&CMD=CHECK", [CommandResult("7", 0, "CHECK")]),
        (b" id = 7 & return = -3 & cmd = CHECK ", [CommandResult("7", -3, "CHECK")]),
        (b"ID=7&Return=0&CMD=A=B", [CommandResult("7", 0, "A=B")]),
        (b"ID=7", [CommandResult("7", None, "")]),
        (b"ID=7&Return=x&CMD=CHECK", [CommandResult("7", None, "CHECK")]),
        (b"ID=7&Return=0&CMD=VERIFY SUM ATTLOG&AttlogSum=12", [CommandResult("7", 0, "VERIFY SUM ATTLOG", 12)]),
        # one line for each field; the first of equal ones counts
        (b"ID=7\nReturn=0\nCMD=INFO\nReturn=9\n", [CommandResult("7", 0, "INFO")]),
        (b"Return=9\nID=7\nReturn=0\n", [CommandResult("7", 0, "")]),
        (b"ID=7\nwithout a value\nReturn=0\n", [CommandResult("7", 0, "")]),
        (b"ID=7&nothing&Return=0", [CommandResult("7", 0, "")]),
        # NUL ends a line
        (b"ID=7&Return=0\0ID=8&Return=1\0", [CommandResult("7", 0, ""), CommandResult("8", 1, "")]),
        # a number of ours has 1 to 16 letters and digits
        (b"ID=" + b"a" * 16, [CommandResult("a" * 16, None, "")]),
        (b"ID=" + b"a" * 17, []),
        (b"ID=", []),
        (b"ID=7\xff&Return=0\nID=8&Return=0", [CommandResult("8", 0, "")]),
        (b"ID=7&Return=\xff&CMD=CHECK", [CommandResult("7", None, "CHECK")]),
        (b"ID=7&Return=0&CMD=" + b"x" * 201, [CommandResult("7", 0, "x" * 200)]),
    ],
)
def test_results_of_commands(body: bytes, expected: list[CommandResult]) -> None:
    assert parse_devicecmd(body) == expected


def test_results_stop_at_the_most_commands_of_a_response_and_at_the_most_lines() -> None:
    many = b"".join(b"ID=%d&Return=0\n" % number for number in range(1, 202))
    found = parse_devicecmd(many + b"Return=5\n")
    assert [each.id for each in found] == [str(number) for number in range(1, 201)]
    assert {each.return_code for each in found} == {0}
    assert parse_devicecmd(b"\n" * 19_999 + b"ID=1") == [CommandResult("1", None, "")]
    assert parse_devicecmd(b"\n" * 20_000 + b"ID=1") == []
