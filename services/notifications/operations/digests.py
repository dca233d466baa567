"""The rows from which this service computes digests, to compare its copies with their owners."""

from __future__ import annotations

from typing import Any

from shared.contracts.topics import DISCIPLINE, EMPLOYEE, SCORE, Topic
from shared.db.digest_sources import Source, records_of, rows_of

__all__ = ["SOURCES"]

SOURCES: dict[Topic[Any], Source] = {
    EMPLOYEE: rows_of("select * from employee"),
    SCORE: records_of("select record from score where semester = :semester", lambda of: {"semester": str(of)}),
    DISCIPLINE: records_of("select record from discipline where year = :year", lambda of: {"year": of.year}),
}
