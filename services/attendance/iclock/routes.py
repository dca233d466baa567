"""The machines' own protocol, at the paths that are fixed in their firmware.

Not in the OpenAPI document: parameter names are case-insensitive, bodies are free text that must not be refused because of
one line, and the responses are the vendor's. A generated client or test would follow rules that no machine follows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.access.gate import Caller, Gate
from services.attendance.access.identity import IdentifiedMachine, identify
from services.attendance.access.signals import raise_signal, signal_address
from services.attendance.access.unregistered_machines import RefusedRequest, store_lines, store_refused_contact
from services.attendance.context import AttendanceContext
from services.attendance.day_queue.change import Change
from services.attendance.iclock.device_messages import poll, redacted, store_contact, store_results
from services.attendance.iclock.posts import (
    POST_LINES_MAX,
    QuotaError,
    store_access_lines,
    store_post,
    too_many_lines,
    upload_seconds,
)
from services.attendance.iclock.rules.operlog import parse_operlog
from services.attendance.iclock.rules.post_kind import ACCESS_PUNCH_TABLE, PostKind, access_dialect, post_kind
from services.attendance.iclock.rules.protocol import option_block, parse_devicecmd
from services.attendance.machines.locked_machine import lock_serial
from services.attendance.machines.rules.proof import ProofKind, Refusal
from services.attendance.machines.rules.signals import SignalKind
from services.attendance.punches.rules.lines import first_lines, raw_lines

__all__ = ["iclock_router"]

RETRY_AFTER_SECONDS = 300
UNPROVED_BYTES_MAX = 16_384
"""The part of an unproved machine's post that is read: three ordinary posts of 128 lines. The machine resends the rest."""
BAD_SERIAL = "SN is missing or not 1 to 64 letters, digits, '_' or '-', or there are more than 50 parameters\n"
UNKNOWN_MACHINE = "Not found. If this is a machine of the city: ask the operator to look at the list of machines.\n"
WRONG_DIALECT = "This server accepts attendance only. Switch the machine from A&C PUSH to T&A PUSH in its menu.\n"
TOO_MANY_LINES = f"A post may have at most {POST_LINES_MAX} lines.\n"
NO_LENGTH = "A post needs a Content-Length or chunked transfer encoding. Send it again with one of them.\n"
TOO_MUCH = "This machine exceeds its quota. Keep the log and send it again later.\n"


class _Call:
    """One request of a machine."""

    def __init__(self, request: Request, context: AttendanceContext, caller: Caller) -> None:
        self.request = request
        self.context = context
        self.caller = caller
        self.serial = caller.serial
        self.query = caller.query
        self.presented = caller.presented
        self.address = caller.presented.address
        self.now: datetime = context.clock.now()


_LENGTHS = {"content-length", "transfer-encoding"}

Handler = Callable[[_Call], Awaitable[Response | Refusal]]


def _text(body: str, status: int = 200, **headers: str) -> Response:
    return Response(body, status, headers=headers, media_type="text/plain")


def iclock_router(gate: Gate) -> APIRouter:
    """The routes. Connections that are not a proved machine get the same response from all of them."""
    router = APIRouter(prefix="/iclock", include_in_schema=False)
    for path, methods, handler in _ROUTES:
        endpoint = _endpoint(gate, handler)
        for suffix in ("", ".aspx"):
            router.add_api_route(path + suffix, endpoint, methods=methods, response_model=None)
    return router


def _endpoint(gate: Gate, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if not gate.serves(request.scope):
            return _text(UNKNOWN_MACHINE, 404)
        caller = gate.caller(request.scope)
        if caller is None:
            return _text(BAD_SERIAL, 400)
        if request.method == "POST" and _LENGTHS.isdisjoint(request.headers.keys()):
            return _text(NO_LENGTH, 411)  # HTTP assumes an empty body here: after an OK the machine would lose its data
        if await gate.refuses_guess(caller):
            return _text(UNKNOWN_MACHINE, 404)
        async with gate.entry(caller):
            answer = await handler(_Call(request, gate.context, caller))
        if isinstance(answer, Response):
            gate.guesses.passed(caller.presented.address, caller.secret)
            return answer
        gate.guesses.refused(caller.presented.address, caller.secret)
        return _text(UNKNOWN_MACHINE, 404)

    return endpoint


async def _refused(
    session: AsyncSession, call: _Call, refusal: Refusal, kind: str = "", lines: Sequence[bytes] = ()
) -> Refusal:
    """Stores the contact for the operator, with its lines."""
    if refusal is Refusal.UNREGISTERED_SERIAL:
        await lock_serial(session, call.serial)
    else:
        await signal_address(session, call.serial, call.address, call.now)
    request = RefusedRequest(call.serial, call.address, refusal, call.now)
    if lines:
        await store_lines(session, request, kind, lines)
    else:
        await store_refused_contact(session, request, dialect="access" if access_dialect(call.query) else None)
    return refusal


async def _cdata(call: _Call) -> Response | Refusal:
    if access_dialect(call.query):
        return await _access_dialect(call)
    return await (_upload(call) if call.request.method == "POST" else _ask(call))


async def _ask(call: _Call) -> Response | Refusal:
    """The handshake, and other GET requests of firmware."""

    async def work(session: AsyncSession) -> IdentifiedMachine | Refusal:
        found = await identify(session, call.serial, call.presented)
        if isinstance(found, Refusal):
            return await _refused(session, call, found)
        if call.query.wants_options:
            version = call.query.get("pushver").replace("\0", "")[:30] or None
            await store_contact(session, call.serial, call.now, address=call.address, push_version=version)
        return found

    found = await call.context.transact(work)
    if isinstance(found, Refusal):
        return found
    local = call.now.astimezone(found.zone)
    if call.query.wants_options:
        offset = local.utcoffset()
        minutes = 0 if offset is None else int(offset.total_seconds()) // 60
        # The machine sets its clock by the Date header. The HTTP server adds it; a second header would make both invalid.
        by_key = found.proof.kind is ProofKind.COMM_KEY
        return _text(option_block(call.serial, zone_offset_minutes=minutes, send_comm_key=by_key))
    if call.query.get("type").lower() == "time":
        return _text(f"Time={local.isoformat(timespec='seconds')}")
    return _text("OK")


async def _upload(call: _Call) -> Response | Refusal:
    body = await call.request.body()
    if too_many_lines(body):
        return _text(TOO_MANY_LINES, 413)
    kind = post_kind(call.query, body)

    async def work(change: Change) -> int | Refusal:
        stored = await store_post(change, call.context, call.caller, kind, body)
        if stored is Refusal.UNREGISTERED_SERIAL:
            # Registration may run at the same moment. With this lock, the second transaction sees what the first one wrote.
            await lock_serial(change.session, call.serial)
            stored = await store_post(change, call.context, call.caller, kind, body)
        if isinstance(stored, Refusal):
            return await _refused(change.session, call, stored, *_for_quarantine(kind, call.query.table, body))
        return stored

    try:
        lines = await call.context.change(work, seconds=upload_seconds(body), now=call.now)
    except QuotaError as error:
        detail = str(error)
        await call.context.transact(lambda s: raise_signal(s, call.serial, SignalKind.QUOTA, detail, call.now))
        return _text(TOO_MUCH, 429, **{"Retry-After": str(RETRY_AFTER_SECONDS)})
    if isinstance(lines, Refusal):
        return lines
    # The count includes all received lines: a machine that gets another number resends the same post forever.
    return _text(f"OK: {lines}" if lines else "OK")


def _for_quarantine(kind: PostKind, table: str, body: bytes) -> tuple[str, Sequence[bytes]]:
    """The part of an unproved machine's post that waits for an operator: punches, and menu events without secrets."""
    first = first_lines(body, UNPROVED_BYTES_MAX)
    if kind is PostKind.PUNCHES:
        return "ATTLOG", raw_lines(first)
    if kind is PostKind.MENU:
        return "OPERLOG", redacted(parse_operlog(first))
    return table, ()


async def _getrequest(call: _Call) -> Response | Refusal:
    async def work(change: Change) -> list[str] | Refusal:
        found = await identify(change.session, call.serial, call.presented)
        if isinstance(found, Refusal):
            return await _refused(change.session, call, found)
        info = call.query.get("INFO") or None
        return await poll(change, found, address=call.address, info=info)

    commands = await call.context.change(work, now=call.now)
    if isinstance(commands, Refusal):
        return commands
    return _text("\n".join(commands) + "\n" if commands else "OK")


async def _devicecmd(call: _Call) -> Response | Refusal:
    results = parse_devicecmd(await call.request.body())

    async def work(session: AsyncSession) -> Refusal | None:
        found = await identify(session, call.serial, call.presented)
        if isinstance(found, Refusal):
            return await _refused(session, call, found)
        if found.proof.proved:
            await store_results(session, call.serial, results, call.now)
        return None

    return await call.context.transact(work) or _text("OK")


async def _ping(call: _Call) -> Response | Refusal:
    async def work(session: AsyncSession) -> Refusal | None:
        found = await identify(session, call.serial, call.presented)
        return await _refused(session, call, found) if isinstance(found, Refusal) else None

    return await call.context.transact(work) or _text("OK")


async def _access_dialect(call: _Call) -> Response | Refusal:
    """Refuses the request, so that the machine keeps its log, and shows it to the operator; stores its punches meanwhile."""
    punches = await call.request.body() if call.query.table == ACCESS_PUNCH_TABLE else b""
    lines = raw_lines(first_lines(punches, UNPROVED_BYTES_MAX))

    async def work(session: AsyncSession) -> Refusal | None:
        found = await identify(session, call.serial, call.presented)
        if isinstance(found, Refusal):
            return await _refused(session, call, found, ACCESS_PUNCH_TABLE, lines)
        await store_contact(session, call.serial, call.now, address=call.address, dialect="access")
        await store_access_lines(session, call.context, call.serial, lines, call.now)
        return None

    try:
        return await call.context.transact(work) or _text(WRONG_DIALECT, 406)
    except QuotaError:
        return _text(WRONG_DIALECT, 406)


_ROUTES: tuple[tuple[str, list[str], Handler], ...] = (
    ("/cdata", ["GET", "POST"], _cdata),
    ("/getrequest", ["GET", "POST"], _getrequest),
    ("/devicecmd", ["GET", "POST"], _devicecmd),
    ("/fdata", ["POST"], _upload),
    ("/ping", ["GET", "POST"], _ping),
    ("/registry", ["GET", "POST"], _access_dialect),
    ("/push", ["GET", "POST"], _access_dialect),
    ("/rtdata", ["GET", "POST"], _access_dialect),
    ("/querydata", ["GET", "POST"], _access_dialect),
)
