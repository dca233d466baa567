"""Messages of a proved machine other than punches: handshakes, polls, command results, menu events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.access.identity import IdentifiedMachine, signal_other_address
from services.attendance.access.signals import compare_count
from services.attendance.day_queue.change import Change
from services.attendance.iclock.rules.operlog import OperEvent, parse_operlog
from services.attendance.iclock.rules.protocol import CommandResult, parse_info
from services.attendance.machines.locked_machine import LockedMachine, lock_machine, write_watermark
from services.attendance.machines.rules.watermark import Watermark, after_poll, after_time_set
from services.attendance.punches.rules.lines import parts_of, stamp_text
from shared.db.queries import query

__all__ = ["poll", "redacted", "store_contact", "store_operlog", "store_results"]

WRITE_SECONDS = 10
"""The polls of an idle machine are stored at most this often."""
RESEND_COMMAND_SECONDS = 120  # the response to a poll can get lost
CLOCK_SET = 21
INFO_MAX = 1_000

_UPDATE_CONTACT = text(
    # A handshake may be followed by a backlog, so earlier polls no longer prove that everything is uploaded.
    "update machine set last_contact_at = :now, last_poll_at = null, address = :address, dialect = :dialect,"
    " push_version = coalesce(:push_version, push_version) where serial = :serial"
)


class _Command(NamedTuple):
    id: int
    token: str
    command: str
    query: bool
    sent_at: datetime | None


_OPEN_COMMANDS = query(
    """
    select id, token, command, command like 'DATA QUERY%' as query, sent_at from device_command
    where serial = :serial and result_at is null and expires_at > :now order by id limit 50
    """,
    _Command,
)
_SET_SENT = text("update device_command set sent_at = :now where id = any(cast(:ids as bigint[]))")
_SET_RESULT = text(
    "update device_command set result_at = :now, return_code = :code"
    " where token = :token and serial = :serial and result_at is null and sent_at is not null"
)
_SET_INFO = text("update machine set info = :info where serial = :serial")
_NEW_EVENT_CODES = text(
    """
    with journal as (
        insert into upload (serial, kind, stamp, body, lines, received_at)
        values (:serial, 'OPERLOG', :stamp, :body, :lines, :now)
    )
    insert into oper_event (serial, tag, code, who, local_time, audit, received_at)
    select cast(:serial as varchar), tag, code, who, local_time, audit, cast(:now as timestamptz)
    from unnest(cast(:tags as varchar[]), cast(:codes as int[]), cast(:whos as varchar[]), cast(:times as timestamp[]),
                cast(:audits as boolean[])) with ordinality as t (tag, code, who, local_time, audit, place)
    where not exists (
        select from oper_event o
        where o.serial = :serial and (o.local_time = t.local_time or o.local_time is null and t.local_time is null)
          and o.tag = t.tag and o.code is not distinct from t.code and o.who is not distinct from t.who)
    group by tag, code, who, local_time, audit order by min(place)
    returning code
    """
)


async def store_contact(
    session: AsyncSession,
    serial: str,
    now: datetime,
    *,
    address: str,
    push_version: str | None = None,
    dialect: str | None = None,
) -> None:
    """Stores a handshake, or that the machine uses another dialect."""
    values = {"serial": serial, "now": now, "address": address, "dialect": dialect, "push_version": push_version}
    await session.execute(_UPDATE_CONTACT, values)


async def poll(change: Change, found: IdentifiedMachine, *, address: str, info: str | None) -> list[str]:
    """Returns the command lines for this poll. Writes to the database only on a change or after WRITE_SECONDS.

    A machine that is not yet proved gets no command, and its poll does not move the watermark.
    """
    info = None if info is None else info.replace("\0", "\u2400")[:INFO_MAX]
    due: list[_Command] = []
    if found.proof.proved:
        due = _due(await _OPEN_COMMANDS.all(change.session, {"serial": found.serial, "now": change.now}), change.now)
    stale = found.last_contact_at is None or change.now - found.last_contact_at >= timedelta(seconds=WRITE_SECONDS)
    new_info = info is not None and info != found.info
    if found.proof.proved:
        await signal_other_address(change.session, found, address, change.now)
    if not (due or stale or new_info or found.last_poll_at is None or found.address != address):
        return []
    machine = await lock_machine(change.session, found.serial, change.now)
    if machine is None:
        return []
    watermark = after_poll(machine.watermark, change.now) if found.proof.proved else machine.watermark
    await write_watermark(change, machine, watermark, address)
    if info is not None and new_info and found.proof.proved:
        await change.session.execute(_SET_INFO, {"info": info, "serial": found.serial})
        await compare_count(change.session, found.serial, parse_info(info).records, change.now)
    if due:
        await change.session.execute(_SET_SENT, {"ids": [row.id for row in due], "now": change.now})
    return [f"C:{row.token}:{row.command}" for row in due]


def _due(commands: Sequence[_Command], now: datetime) -> list[_Command]:
    """Commands that are unsent, or sent long ago without a result; of the queries only the oldest unfinished one."""
    long_ago = now - timedelta(seconds=RESEND_COMMAND_SECONDS)
    oldest_query = next((each for each in commands if each.query), None)
    return [
        each
        for each in commands
        if (not each.query or each is oldest_query) and (each.sent_at is None or each.sent_at <= long_ago)
    ]


async def store_results(session: AsyncSession, serial: str, results: Sequence[CommandResult], now: datetime) -> None:
    """Completes this machine's commands from their results; ignores results for another machine's command."""
    values = [
        {"token": result.id, "serial": serial, "now": now, "code": _int4(result.return_code)} for result in results
    ]
    if values:
        await session.execute(_SET_RESULT, values)


def _int4(code: int | None) -> int | None:
    return code if code is not None and abs(code) < 2**31 else None


def redacted(events: Sequence[OperEvent]) -> list[bytes]:
    """The lines of an OPERLOG post without names, passwords, cards and templates."""
    lines = []
    for event in events:
        time = "" if event.local_time is None else event.local_time.isoformat(" ")
        code = "" if event.code is None else str(event.code)
        lines.append(f"{event.tag} {code}\t{event.who or event.pin or ''}\t{time}".encode())
    return lines


async def store_operlog(
    session: AsyncSession, machine: LockedMachine, body: bytes, now: datetime, *, stamp: str | None
) -> tuple[int, Watermark]:
    """Stores menu events without secrets. Returns the number of lines and the machine's new watermark state.

    After the clock was set at the machine, its times are trusted again.
    """
    lines, time_set = 0, False
    for part in parts_of(body):
        events = parse_operlog(part)
        lines += len(events)
        values = {
            "serial": machine.serial,
            "stamp": stamp_text(stamp),
            "body": b"\n".join(redacted(events)),
            "lines": len(events),
            "now": now,
            "tags": [event.tag for event in events],
            "codes": [event.code for event in events],
            "whos": [event.who or event.pin for event in events],
            "times": [event.local_time for event in events],
            "audits": [event.audit for event in events],
        }
        # A repeated post contains no new event, so it must not count as another setting of the clock.
        time_set = CLOCK_SET in set((await session.execute(_NEW_EVENT_CODES, values)).scalars()) or time_set
    return lines, after_time_set(machine.watermark) if time_set else machine.watermark
