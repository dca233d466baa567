"""The machines' own protocol, at the paths that their firmware has built in.

Not in the OpenAPI document: parameter names are case-blind, bodies are free text that must never be refused, and the
answers are the vendor's. A generated client or test would follow rules that no machine follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.contacts import find_machine, note_contact, poll, redacted, store_operlog, store_results
from services.attendance.domain.iclock import (
    DeviceQuery,
    is_photo,
    option_block,
    parse_attlog,
    parse_devicecmd,
    parse_operlog,
    parse_query,
)
from services.attendance.intake import hold_machine, raw_lines, store_attlog
from services.attendance.strangers import keep_lines, lock_serial, note_stranger
from shared.context import REQUEST_SECONDS_MAX, Context

__all__ = ["router"]

router = APIRouter(prefix="/iclock", include_in_schema=False)

RETRY_AFTER_SECONDS = 300
LARGE_BODY_BYTES = 262_144
LINES_A_SECOND = 5_000
"""What the store takes even when it is busy: a long post gets the time that it needs, within UPLOAD_SECONDS_MAX."""
UPLOAD_SECONDS_MAX = 45.0  # machines wait 60 s
ACCESS_TABLES = frozenset({"RTLOG", "RTSTATE", "TABLEDATA"})
BAD_SERIAL = "SN is missing or not 1 to 64 letters, digits, '_' or '-'\n"
NOT_REGISTERED = "This machine is not registered. Ask the operator to register its serial number.\n"
WRONG_DIALECT = "This server takes attendance only: switch the machine from A&C PUSH to T&A PUSH in its menu.\n"
TOO_MUCH = "Too much waits for this machine's registration. Register its serial number, then it may send on.\n"


class _Call:
    """One request of a machine."""

    def __init__(self, request: Request, serial: str, query: DeviceQuery) -> None:
        self.request = request
        self.context: Context = request.app.state.context
        self.serial = serial
        self.query = query
        self.now: datetime = self.context.clock.now()
        self.address = request.client.host if request.client is not None else None


Handler = Callable[[_Call], Awaitable[Response]]


def _text(body: str, status: int = 200, **headers: str) -> Response:
    return Response(body, status, headers=headers, media_type="text/plain")


def _serve(path: str, methods: list[str], handler: Handler) -> None:
    async def endpoint(request: Request) -> Response:
        query = parse_query(request.query_params.multi_items())
        if query.serial is None:
            return _text(BAD_SERIAL, 400)
        return await handler(_Call(request, query.serial, query))

    for suffix in ("", ".aspx"):
        router.add_api_route(path + suffix, endpoint, methods=methods, response_model=None)


async def _cdata(call: _Call) -> Response:
    if call.query.get("DeviceType").lower() == "acc" or call.query.table in ACCESS_TABLES:
        return await _access_dialect(call)
    return await (_upload(call) if call.request.method == "POST" else _ask(call))


async def _ask(call: _Call) -> Response:
    """The handshake, and the other questions that firmware asks by GET."""

    async def work(session: AsyncSession) -> str | None:
        found = await find_machine(session, call.serial)
        if found is None:
            await note_stranger(session, call.serial, now=call.now, address=call.address)
            return None
        if call.query.wants_options:
            version = call.query.get("pushver").replace("\0", "")[:30] or None
            await note_contact(session, call.serial, call.now, address=call.address, push_version=version)
        return str(found.timezone)

    zone_name = await call.context.transact(work)
    if zone_name is None:
        return _text(NOT_REGISTERED, 403)
    local = call.now.astimezone(ZoneInfo(zone_name))
    if call.query.wants_options:
        offset = local.utcoffset()
        minutes = 0 if offset is None else int(offset.total_seconds()) // 60
        # The machine sets its clock by the Date header; the HTTP server gives it, and a second one would spoil both.
        return _text(option_block(call.serial, zone_offset_minutes=minutes))
    if call.query.get("type").lower() == "time":
        return _text(f"Time={local.isoformat(timespec='seconds')}")
    return _text("OK")


async def _upload(call: _Call) -> Response:
    body = await call.request.body()
    if is_photo(body):
        return await _discard(call, b"")
    if call.query.table == "ATTLOG":
        return await _attlog(call, body)
    if call.query.table == "OPERLOG":
        return await _operlog(call, body)
    return await _discard(call, body)


async def _attlog(call: _Call, body: bytes) -> Response:
    # A log of months takes long to read, and nobody else should wait for that.
    large = len(body) > LARGE_BODY_BYTES
    found = await asyncio.to_thread(parse_attlog, body) if large else parse_attlog(body)
    seconds = min(REQUEST_SECONDS_MAX + len(found) // LINES_A_SECOND, UPLOAD_SECONDS_MAX)

    async def work(session: AsyncSession) -> bool:
        machine = await hold_machine(session, call.serial, call.now)
        if machine is None:
            await lock_serial(session, call.serial)
            machine = await hold_machine(session, call.serial, call.now)
        if machine is None:
            lines = raw_lines(body)
            return await keep_lines(session, call.serial, "ATTLOG", lines, now=call.now, address=call.address)
        await store_attlog(
            session,
            machine,
            found,
            body,
            stamp=call.query.stamp,
            address=call.address,
            now=call.now,
            unit_zone=call.context.zone,
        )
        return True

    return _kept(await call.context.transact(work, seconds=seconds), len(found))


async def _operlog(call: _Call, body: bytes) -> Response:
    events = parse_operlog(body)

    async def work(session: AsyncSession) -> bool:
        machine = await hold_machine(session, call.serial, call.now)
        if machine is None:
            lines = redacted(events)
            return await keep_lines(session, call.serial, "OPERLOG", lines, now=call.now, address=call.address)
        await store_operlog(session, machine, events, call.now, stamp=call.query.stamp, address=call.address)
        return True

    return _kept(await call.context.transact(work), len(events))


def _kept(kept: bool, lines: int) -> Response:  # noqa: FBT001 - the outcome itself
    if not kept:
        return _text(TOO_MUCH, 429, **{"Retry-After": str(RETRY_AFTER_SECONDS)})
    # The count is of all lines received: a machine that reads another number sends the same post for ever.
    return _text(f"OK: {lines}")


async def _discard(call: _Call, body: bytes) -> Response:
    """Templates, photos and user lists: personal data that nobody needs here, taken off the machine's hands."""
    refusal = await _refusal(call)
    if refusal is not None:
        return refusal
    return _text(f"OK: {len(raw_lines(body))}" if body else "OK")


async def _fdata(call: _Call) -> Response:
    body = await call.request.body()
    return await _discard(call, b"" if is_photo(body) else body)


async def _refusal(call: _Call) -> Response | None:
    async def work(session: AsyncSession) -> bool:
        if await find_machine(session, call.serial) is not None:
            return True
        await note_stranger(session, call.serial, now=call.now, address=call.address)
        return False

    return None if await call.context.transact(work) else _text(NOT_REGISTERED, 403)


async def _getrequest(call: _Call) -> Response:
    async def work(session: AsyncSession) -> list[str] | None:
        found = await find_machine(session, call.serial)
        if found is None:
            await note_stranger(session, call.serial, now=call.now, address=call.address)
            return None
        info = call.query.get("INFO") or None
        return await poll(session, found, call.now, address=call.address, info=info)

    commands = await call.context.transact(work)
    if commands is None:
        return _text(NOT_REGISTERED, 403)
    return _text("\n".join(commands) + "\n" if commands else "OK")


async def _devicecmd(call: _Call) -> Response:
    results = parse_devicecmd(await call.request.body())

    async def work(session: AsyncSession) -> bool:
        if await find_machine(session, call.serial) is None:
            await note_stranger(session, call.serial, now=call.now, address=call.address)
            return False
        await store_results(session, call.serial, results, call.now)
        return True

    return _text("OK") if await call.context.transact(work) else _text(NOT_REGISTERED, 403)


async def _ping(call: _Call) -> Response:
    return await _refusal(call) or _text("OK")


async def _access_dialect(call: _Call) -> Response:
    async def work(session: AsyncSession) -> None:
        if await find_machine(session, call.serial) is None:
            await note_stranger(session, call.serial, now=call.now, address=call.address, dialect="access")
        else:
            await note_contact(session, call.serial, call.now, address=call.address, dialect="access")

    await call.context.transact(work)
    return _text(WRONG_DIALECT, 406)


for _path, _methods, _handler in (
    ("/cdata", ["GET", "POST"], _cdata),
    ("/getrequest", ["GET", "POST"], _getrequest),
    ("/devicecmd", ["GET", "POST"], _devicecmd),
    ("/fdata", ["POST"], _fdata),
    ("/ping", ["GET", "POST"], _ping),
    ("/registry", ["GET", "POST"], _access_dialect),
    ("/push", ["GET", "POST"], _access_dialect),
    ("/rtdata", ["GET", "POST"], _access_dialect),
    ("/querydata", ["GET", "POST"], _access_dialect),
):
    _serve(_path, _methods, _handler)
