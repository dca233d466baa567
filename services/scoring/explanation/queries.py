"""Queries of one officer's semester: the totals and every fact behind them."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.scoring.totals.queries import TOTALS_ARRAY
from services.scoring.totals.rules.contribution import DAY_TOTALS
from shared.db.queries import query

__all__ = ["DAYS_OF_OFFICER", "FEEDBACK_OF_OFFICER", "TOTALS_OF_OFFICER", "DayRow", "FeedbackRow"]


class TotalsRow(NamedTuple):
    """The totals of a semester, and the revision of its published score; None before the first."""

    as_of: datetime
    revision: int | None
    totals: list[int]


TOTALS_OF_OFFICER = query(
    f"""
    select t.as_of, p.revision, {TOTALS_ARRAY} as totals
    from semester_total t left join published_score p using (employee_id, semester)
    where employee_id = :employee and semester = :semester
    """,
    TotalsRow,
)


class DayRow(NamedTuple):
    """A work date with its contribution, in the order of DAY_TOTALS, and its evidence."""

    work_date: date
    revision: int
    record: bytes
    contribution: list[int]


DAYS_OF_OFFICER = query(
    f"""
    select work_date, revision, record, array[{", ".join(DAY_TOTALS)}] as contribution from day_fact
    where employee_id = :employee and work_date between :first and :last order by work_date
    """,
    DayRow,
)


class FeedbackRow(NamedTuple):
    """A rating or assessment with its contribution and its evidence."""

    feedback_id: UUID
    revision: int
    totals: list[int]
    record: bytes

    @property
    def counted(self) -> bool:
        """Whether it adds anything to the totals."""
        return any(self.totals)


FEEDBACK_OF_OFFICER = query(
    """
    select feedback_id, revision, totals, record from feedback_fact where employee_id = :employee and semester = :semester
    order by feedback_id
    """,
    FeedbackRow,
)
