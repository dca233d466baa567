"""Postgres: one engine per service, transactions, and which errors are worth a retry."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import DateTime, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlmodel import Field

from shared.errors.errors import UnavailableError

__all__ = ["Database", "fault_of", "is_transient", "utc_field", "within"]

T = TypeVar("T")

STATEMENT_TIMEOUT_MS = 60_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000
POOL_WAIT_SECONDS = 2.0
CONNECT_SECONDS = 3.0

# SQLSTATE classes and codes after which the same work may succeed: connection, resources, shutdown, locks.
_TRANSIENT_CLASSES = ("08", "53", "57P", "58")
_TRANSIENT_CODES = frozenset({"40001", "40P01", "55P03", "57014", "25006"})
# Errors that need an operator: waiting alone does not solve them.
_CAUSES = {"53100": "the database's disk is full: docs/runbooks/database-full.md"}


def utc_field(**options: Any) -> Any:
    """A `timestamptz` column of aware datetimes."""
    return Field(sa_type=DateTime(timezone=True), **options)


def is_transient(error: BaseException) -> bool:
    """Whether the database failed, not the data: then wait and try again, never park or refuse the data."""
    if isinstance(error, UnavailableError | ConnectionError | TimeoutError | OSError | PoolTimeoutError):
        return True
    if isinstance(error, DBAPIError):
        code = getattr(error.orig, "sqlstate", None)
        if isinstance(getattr(error.orig, "__cause__", None), ValueError):
            return False  # a value that the driver cannot encode: it calls that an interface error
        if code is not None:
            return code in _TRANSIENT_CODES or code.startswith(_TRANSIENT_CLASSES)
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return False


def fault_of(error: BaseException) -> dict[str, str]:
    """The log fields of a database failure: the error's type, its SQLSTATE, and the cause with its runbook."""
    code = getattr(getattr(error, "orig", None), "sqlstate", None)
    found = {"error": type(error).__name__, "sqlstate": code, "cause": _CAUSES.get(code or "")}
    return {name: message for name, message in found.items() if message}


class Database:
    """One service's database."""

    def __init__(self, url: str, *, pool_size: int = 8, application_name: str = "kinerja") -> None:
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_WAIT_SECONDS,
            pool_pre_ping=False,
            hide_parameters=True,  # exceptions would otherwise contain personal data
            connect_args={
                "timeout": CONNECT_SECONDS,
                "command_timeout": STATEMENT_TIMEOUT_MS / 1000,
                "server_settings": {
                    "application_name": application_name,
                    "statement_timeout": str(STATEMENT_TIMEOUT_MS),
                    "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
                    "timezone": "UTC",
                    "work_mem": "64MB",  # a batch of 20,000 records must not spill to disk
                    "jit": "off",
                },
            },
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session in a transaction: commits at the end of the block, rolls back on an exception."""
        async with self._sessions() as session, session.begin():
            yield session

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncSession]:
        """A read-only session that sees one state of the whole database (repeatable read)."""
        async with self._sessions() as session, session.begin():
            await session.execute(text("set transaction isolation level repeatable read, read only"))
            yield session

    async def answers(self, seconds: float = 2.0) -> bool:
        """Whether the database answers a trivial query in time."""

        async def ping() -> None:
            async with self.transaction() as session:
                await session.execute(text("select 1"))

        try:
            await within(seconds, ping())
        except Exception as error:
            if is_transient(error):
                return False
            raise
        return True

    async def close(self) -> None:
        await self.engine.dispose()


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, or UnavailableError when it takes longer.

    A query on a database that hangs cannot be cancelled cleanly: its rollback would hang too. So the work runs in its own
    task (cancelled, and limited by the pool), and the caller gets its response in time.
    """
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        task.cancel()
        task.add_done_callback(_forget)
        raise UnavailableError("The database did not answer in time. Send the same request again later.")
    return task.result()


def _forget(task: asyncio.Future[Any]) -> None:
    """Reads the result of an abandoned task: otherwise asyncio warns about an exception that was never retrieved."""
    if not task.cancelled():
        task.exception()
