"""Access control for machine connections: which ones are served, and how connections that guess serials are slowed."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import Scope

from services.attendance.access.identity import identify
from services.attendance.access.rules.device_query import DeviceQuery, parse_query
from services.attendance.context import AttendanceContext
from services.attendance.machines.rules.proof import PresentedProof, Refusal, in_networks
from shared.http.bodies import SMALL_BYTES, Allowance, Allowed
from shared.http.rates import SLOW_SECONDS, Guesses
from shared.service.app import keyed_allowance

__all__ = ["UPLOAD_BYTES_MAX", "Caller", "Gate"]

UPLOAD_BYTES_MAX = 8 * 1_048_576
"""A machine that was offline for months sends its whole log in one body."""
LOG_PATHS = ("/iclock/cdata", "/iclock/fdata")
"""Paths for log uploads; other requests of machines are small."""
QUERY_FIELDS_MAX = 50
POST_AMPLIFICATION = 4
"""A post is held in memory twice, sent to the database once, and parsed part by part."""
UNPROVED_AT_ONCE_MAX = 1
"""The maximum number of unproved connections that use the database at a time, so that known machines need not wait."""
DELAYED_AT_ONCE_MAX = 200
"""Refused connections that are delayed; further ones are refused at once."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A connection: its serial number and what it presents as proof."""

    serial: str
    query: DeviceQuery
    presented: PresentedProof

    @property
    def secret(self) -> str:
        """A digest of serial, host label and comm key, which identifies a repeated connection."""
        presented = "\0".join((self.serial, self.presented.host_label, self.presented.comm_key))
        return hashlib.sha256(presented.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass
class Gate:
    """The access control of one process."""

    context: AttendanceContext
    guesses: Guesses = field(init=False)
    _networks: tuple[str, ...] = field(init=False)
    _keyed: Allowance = field(init=False)
    _unproved: asyncio.Semaphore = field(init=False)
    _waiting: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.guesses = Guesses(self.context.settings.refusals_per_minute)
        self._networks = self.context.settings.machine_network_list
        self._unproved = asyncio.Semaphore(UNPROVED_AT_ONCE_MAX)
        self._keyed = keyed_allowance(self.context)

    def serves(self, scope: Scope) -> bool:
        """Whether the connection comes from a machine network and uses the host name for machines."""
        client = scope.get("client")
        if not in_networks(client[0] if client else "", self._networks):
            return False
        wanted = self.context.settings.machine_host
        host = Headers(scope=scope).get("host", "").partition(":")[0].lower().rstrip(".")
        return wanted is None or host == wanted or host.endswith(f".{wanted}")

    def caller(self, scope: Scope) -> Caller | None:
        """The caller; None without a valid serial number."""
        text = scope["query_string"].decode("latin-1")
        try:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX)
        except ValueError:  # more fields than any firmware sends
            return None
        query = parse_query(pairs)
        serial = query.serial
        if serial is None:
            return None
        client = scope.get("client")
        key = query.get("ComKey") or query.get("pushcommkey")
        presented = PresentedProof(client[0] if client else "", Headers(scope=scope).get("host", ""), key)
        return Caller(serial, query, presented)

    def entry(self, caller: Caller) -> AbstractAsyncContextManager[None]:
        """Hold this while serving the caller: connections that were never proved here are limited to a few at a time."""
        if self.guesses.knows(caller.presented.address, caller.secret):
            return nullcontext()
        return self._unproved

    async def refuses_guess(self, caller: Caller) -> bool:
        """Whether the connection has guessed too often and is refused without a lookup; then it has been delayed first."""
        if self.guesses.may_try(caller.presented.address, caller.secret):
            return False
        if self._waiting < DELAYED_AT_ONCE_MAX:
            self._waiting += 1
            try:
                await asyncio.sleep(SLOW_SECONDS)
            finally:
                self._waiting -= 1
        return True

    async def allowance(self, scope: Scope) -> Allowed:
        """The allowed body size: a whole log for a machine, a small post for an unregistered one, JSON for an API key."""
        if not scope["path"].startswith("/iclock"):
            return await self._keyed(scope)
        if not scope["path"].startswith(LOG_PATHS):
            return Allowed(SMALL_BYTES)
        caller = self.caller(scope) if self.serves(scope) else None
        if caller is None or not self.guesses.may_try(caller.presented.address, caller.secret):
            return Allowed(SMALL_BYTES)
        async with self.entry(caller):
            found = await self.context.transact(lambda session: identify(session, caller.serial, caller.presented))
        if isinstance(found, Refusal):
            self.guesses.refused(caller.presented.address, caller.secret)
            return Allowed(SMALL_BYTES)
        return Allowed(UPLOAD_BYTES_MAX, POST_AMPLIFICATION)
