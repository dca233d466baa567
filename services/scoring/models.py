"""Tables of the scoring service: facts, totals, and published records."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, Index, Integer, SmallInteger, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.access.keys import ApiKeyColumns
from shared.access.links import LinkColumns
from shared.db.database import utc_field
from shared.messaging.consuming.dead_letters import ParkedColumns
from shared.messaging.held_events import DroppedColumns
from shared.messaging.producing.outbox import OutboxColumns, outbox_indexes

__all__ = [
    "ApiKey",
    "Base",
    "DayFact",
    "DisciplineYear",
    "Employee",
    "FeedbackFact",
    "HeldRating",
    "OfficerLink",
    "OutboxRow",
    "ParkedRecord",
    "PublishedScore",
    "RescoreDue",
    "RuleDocument",
    "SemesterOpening",
    "SemesterTotal",
    "UnitPrior",
]


class Base(SQLModel, registry=registry()):
    """The service's own metadata: four services may run in one process."""


class OutboxRow(OutboxColumns, Base, table=True):
    __tablename__ = "outbox"
    __table_args__ = outbox_indexes()


class OutboxDropped(DroppedColumns, Base, table=True):
    __tablename__ = "outbox_dropped"


class ParkedRecord(ParkedColumns, Base, table=True):
    __tablename__ = "parked_record"


class ApiKey(ApiKeyColumns, Base, table=True):
    __tablename__ = "api_key"


class OfficerLink(LinkColumns, Base, table=True):
    """A link to an officer's page."""

    __tablename__ = "link"


class Employee(Base, table=True):
    """The officer's fields that scoring needs, at the highest revision received."""

    __tablename__ = "employee"

    employee_id: UUID = Field(primary_key=True)
    revision: int
    name: str
    employment_type: str
    org_unit_id: str
    org_unit_name: str
    superior_id: UUID | None = None


class DayFact(Base, table=True):
    """A work date at its highest revision: its contribution, its previous contribution (`was_*`), and its evidence."""

    __tablename__ = "day_fact"

    employee_id: UUID = Field(primary_key=True)
    work_date: date = Field(primary_key=True)
    semester: int = Field(sa_type=SmallInteger)
    revision: int
    scheduled_minutes: int = Field(sa_type=SmallInteger)
    credited_minutes: int = Field(sa_type=SmallInteger)
    final_days: int = Field(sa_type=SmallInteger)
    unexcused_days: int = Field(sa_type=SmallInteger)
    provisional_days: int = Field(sa_type=SmallInteger)
    was_scheduled: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("0")})
    was_credited: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("0")})
    was_final: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("0")})
    was_unexcused: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("0")})
    was_provisional: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("0")})
    record: bytes
    """The rest of the record, as a JSON array: the evidence for explanation and verification."""


class FeedbackFact(Base, table=True):
    """A rating or assessment at its highest revision; officer and semester may differ between revisions."""

    __tablename__ = "feedback_fact"
    __table_args__ = (Index("feedback_fact_of_officer", "employee_id", "semester"),)

    feedback_id: UUID = Field(primary_key=True)
    revision: int
    employee_id: UUID | None = None
    semester: int = Field(sa_type=SmallInteger)
    totals: list[int] = Field(sa_type=ARRAY(Integer))
    """In the order of FEEDBACK_TOTALS."""
    was_employee_id: UUID | None = None
    was_semester: int | None = Field(default=None, sa_type=SmallInteger)
    was_totals: list[int] | None = Field(default=None, sa_type=ARRAY(Integer), nullable=True)
    record: bytes


class HeldRating(Base, table=True):
    """A citizen's rating that waits for the rest of its group and does not count yet."""

    __tablename__ = "held_rating"
    __table_args__ = (Index("held_rating_of_group", "group_id", "revision"),)

    feedback_id: UUID = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    group_id: UUID
    held_at: datetime = utc_field()
    record: bytes


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


class PublishedScore(Base, table=True):
    """The last published record of an officer's semester: revisions without gaps, and the record to publish again."""

    __tablename__ = "published_score"

    employee_id: UUID = Field(primary_key=True)
    semester: int = Field(primary_key=True, sa_type=SmallInteger)
    revision: int
    record: bytes


class DisciplineYear(Base, table=True):
    """A calendar year with absences of an officer, and its last published record."""

    __tablename__ = "discipline_year"
    __table_args__ = (Index("discipline_year_changed", "employee_id", "year", postgresql_where=text("changed")),)

    employee_id: UUID = Field(primary_key=True)
    year: int = Field(primary_key=True, sa_type=SmallInteger)
    changed: bool
    revision: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    record: bytes | None = None


class RuleDocument(Base, table=True):
    """A dated rule set as it was loaded: kind `score` or `discipline`."""

    __tablename__ = "rule_document"

    kind: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    effective_from: date
    decree: str
    content: str
    """JSON."""
    loaded_at: datetime = utc_field()


class SemesterOpening(Base, table=True):
    """A semester that has been opened: its units' priors are fixed."""

    __tablename__ = "semester_opening"

    semester: int = Field(primary_key=True, sa_type=SmallInteger)
    opened_at: datetime = utc_field()


class RescoreDue(Base, table=True):
    """Scores of all semesters from this one on have to be computed again."""

    __tablename__ = "rescore_due"

    first_semester: int = Field(primary_key=True, sa_type=SmallInteger)
    requested_at: datetime = utc_field()


class UnitPrior(Base, table=True):
    """A unit's mean rating of the previous semester, 1 to 4 with 4 places, as text."""

    __tablename__ = "unit_prior"

    semester: int = Field(primary_key=True, sa_type=SmallInteger)
    org_unit_id: str = Field(primary_key=True)
    prior: str
