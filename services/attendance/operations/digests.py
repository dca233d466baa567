"""This service's records per topic, for comparison with the copies of the consumers."""

from __future__ import annotations

from typing import Any

from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE, Topic
from shared.db.digest_sources import Source, records_of, rows_of

__all__ = ["SOURCES"]

SOURCES: dict[Topic[Any], Source] = {
    EMPLOYEE: rows_of("select * from officer_v1"),
    ATTENDANCE_DAY: records_of(
        "select record from attendance_day where work_date between :first and :last",
        lambda of: {"first": of.first_day, "last": of.last_day},
    ),
}
