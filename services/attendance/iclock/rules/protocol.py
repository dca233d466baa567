"""The attendance dialect of the iclock protocol: the handshake response, what a machine reports, command results.

The machine is always the HTTP client.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from services.attendance.access.rules.device_query import valid_serial

__all__ = ["CommandResult", "DeviceInfo", "option_block", "parse_devicecmd", "parse_info"]

PROTOCOL_VERSION: Final = "2.2.14"
"""Below 2.4.0: from that version on, machines may ask for a proprietary encryption library."""

DEFAULT_TRANS_FLAG: Final = "TransData AttLog\tOpLog"
"""Punches and menu operations only. Fingerprints, faces and photos are specific personal data and not requested."""

_COMMAND_ID: Final = re.compile(r"[A-Za-z0-9]{1,16}\Z")
_MAX_COMMAND_TEXT: Final = 200
_MAX_RESULTS: Final = 200
"""The maximum number of commands that a machine receives in one response."""
_MAX_RESULT_LINES: Final = 20_000


def option_block(
    serial: str,
    *,
    zone_offset_minutes: int,
    delay_seconds: int = 10,
    error_delay_seconds: int = 60,
    trans_flag: str = DEFAULT_TRANS_FLAG,
    send_comm_key: bool = False,
) -> str:
    """The response to a handshake. With `send_comm_key` the machine sends its comm key in every later request.

    `zone_offset_minutes` is east of UTC. Machines take whole hours, and minutes only for zones without a whole-hour
    offset. Both families of stamps are sent because old and new firmware read different ones. Their values are
    placeholders (0 makes a machine send everything it ever stored). Raises ValueError on a bad serial or on values out of
    range (offset -720..840 minutes, delays 1..3600 s).
    """
    if not valid_serial(serial):
        raise ValueError("serial must be 1 to 64 letters, digits, '_' or '-'")
    if not -720 <= zone_offset_minutes <= 840:
        raise ValueError("zone_offset_minutes must be between -720 and 840")
    if not (1 <= delay_seconds <= 3600 and 1 <= error_delay_seconds <= 3600):
        raise ValueError("delays must be 1 to 3600 seconds")
    hours, minutes = divmod(zone_offset_minutes, 60)
    lines = (
        f"GET OPTION FROM: {serial}",
        "Stamp=9999",
        "OpStamp=9999",
        "PhotoStamp=9999",
        "ATTLOGStamp=None",
        "OPERLOGStamp=9999",
        "ATTPHOTOStamp=None",
        f"ErrorDelay={error_delay_seconds}",
        f"Delay={delay_seconds}",
        "TransTimes=00:00;14:05",
        "TransInterval=1",
        f"TransFlag={trans_flag}",
        f"TimeZone={zone_offset_minutes if minutes else hours}",
        "Realtime=1",
        "Encrypt=None",
        f"ServerVer={PROTOCOL_VERSION}",
        f"PushProtVer={PROTOCOL_VERSION}",
        *(("IsPushComKey=1",) if send_comm_key else ()),
    )
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """What the machine reports in a poll; `records` is the number of stored punches, None when unreadable."""

    records: int | None


def parse_info(info: str) -> DeviceInfo:
    """Parses `INFO=firmware,users,fingerprints,punches,address,...`. Never raises."""
    fields = info.split(",")
    return DeviceInfo(_integer(fields[3].strip()) if len(fields) > 3 else None)


@dataclass(frozen=True, slots=True)
class CommandResult:
    """A machine's result for a command. Return code 0 means it understood the command, not that the effect is right.

    `attlog_sum` is the number of stored punches; only the result of `VERIFY SUM ATTLOG` has it.
    """

    id: str
    return_code: int | None
    cmd: str
    attlog_sum: int | None = None


def parse_devicecmd(body: bytes) -> list[CommandResult]:
    """Parses command results: `ID=..&Return=..&CMD=..` per line, or one key per line. Never raises; skips other lines.

    Ignores results beyond the maximum number of commands per response. Does not keep the data that follows an INFO result,
    or the output (`Content=`) of other commands.
    """
    groups: list[dict[str, str]] = []
    text = body.replace(b"\0", b"\n").decode("utf-8", errors="replace")
    for raw_line in text.split("\n", _MAX_RESULT_LINES)[:_MAX_RESULT_LINES]:
        for part in raw_line.strip().split("&"):
            key, separator, value = part.partition("=")
            name = key.strip().lower()
            if not separator:
                continue
            if name == "id":
                if len(groups) == _MAX_RESULTS:
                    return _results(groups)
                groups.append({})
            if groups:
                groups[-1].setdefault(name, value.strip())
    return _results(groups)


def _results(groups: list[dict[str, str]]) -> list[CommandResult]:
    results = (_command_result(group) for group in groups)
    return [result for result in results if result is not None]


def _command_result(group: dict[str, str]) -> CommandResult | None:
    if not _COMMAND_ID.match(group["id"]):
        return None
    return CommandResult(
        group["id"],
        _integer(group.get("return", "")),
        group.get("cmd", "")[:_MAX_COMMAND_TEXT],
        _integer(group.get("attlogsum", "")),
    )


def _integer(text: str) -> int | None:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) <= 10 else None
