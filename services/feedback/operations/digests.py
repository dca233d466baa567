"""The rows from which this service computes digests, to compare services: it owns feedback and reads officers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.ratings.queries import RECORDS_AROUND, days_of
from shared.contracts.semester import Semester
from shared.contracts.topics import EMPLOYEE, FEEDBACK, Topic
from shared.db.digest_sources import ROWS_AT_A_TIME, Source, rows_of

__all__ = ["SOURCES"]


async def _feedback(session: AsyncSession, semester: Semester) -> AsyncIterator[Mapping[str, Any]]:
    """The local date of `given_at` decides the semester."""
    async for row in RECORDS_AROUND.stream(session, days_of(semester), rows_at_a_time=ROWS_AT_A_TIME):
        record = orjson.loads(row.record)
        if Semester.of(datetime.fromisoformat(record["given_at"]).date()) == semester:
            yield record


SOURCES: dict[Topic[Any], Source] = {EMPLOYEE: rows_of("select * from employee"), FEEDBACK: _feedback}
