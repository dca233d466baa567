"""The rows from which this service computes digests, to compare services: it owns feedback and reads officers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.semester import Semester
from shared.contracts.topics import EMPLOYEE, FEEDBACK, Topic
from shared.db.digest_sources import Source, rows_of, stream

__all__ = ["SOURCES"]

_FEEDBACK = text("select record from feedback where given_at >= :first and given_at < :last")
_A_DAY = timedelta(days=1)


async def _feedback(session: AsyncSession, semester: Semester) -> AsyncIterator[Mapping[str, Any]]:
    """The local date of `given_at` decides the semester; the query covers one more day on both sides for any UTC offset."""
    first, last = (datetime.combine(day, time(), UTC) for day in (semester.first_day, semester.last_day))
    async for row in stream(session, _FEEDBACK, {"first": first - _A_DAY, "last": last + 2 * _A_DAY}):
        record = orjson.loads(row[0])
        if Semester.of(datetime.fromisoformat(record["given_at"]).date()) == semester:
            yield record


SOURCES: dict[Topic[Any], Source] = {EMPLOYEE: rows_of("select * from employee"), FEEDBACK: _feedback}
