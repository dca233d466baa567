"""Tables of this room."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, SmallInteger, text
from sqlmodel import Field

from services.scoring.base import Base
from shared.db.database import utc_field

__all__ = ["SemesterTotal"]


class SemesterTotal(Base, table=True):
    """An officer's totals of a semester (one column per total, in the order of TOTALS), and the resulting score."""

    __tablename__ = "semester_total"
    __table_args__ = (
        Index("semester_total_changed", "employee_id", "semester", postgresql_where=text("changed")),
        {"postgresql_with": {"fillfactor": 50}},
    )

    employee_id: UUID = Field(primary_key=True)
    semester: int = Field(primary_key=True, sa_type=SmallInteger)
    scheduled_minutes: int = 0
    credited_minutes: int = 0
    final_days: int = 0
    unexcused_days: int = 0
    provisional_days: int = 0
    work_quality_n: int = 0
    work_quality_sum: int = 0
    communication_n: int = 0
    communication_sum: int = 0
    citizen_ratings: int = 0
    completion_time_n: int = 0
    completion_time_sum: int = 0
    completion_time_counter_n: int = 0
    completion_time_counter_sum: int = 0
    product_n: int = 0
    product_sum: int = 0
    product_counter_n: int = 0
    product_counter_sum: int = 0
    officer_competence_n: int = 0
    officer_competence_sum: int = 0
    officer_competence_counter_n: int = 0
    officer_competence_counter_sum: int = 0
    officer_conduct_n: int = 0
    officer_conduct_sum: int = 0
    officer_conduct_counter_n: int = 0
    officer_conduct_counter_sum: int = 0
    score: int | None = None
    """Hundredths of points, 0..10000."""
    band: str | None = None
    complete: bool = False
    as_of: datetime = utc_field()
    changed: bool = True
    """The publisher has not processed the row yet."""
