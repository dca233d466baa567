"""Tables of this room."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index, SmallInteger, text
from sqlmodel import Field

from services.scoring.base import Base

__all__ = ["DisciplineYear"]


class DisciplineYear(Base, table=True):
    """A calendar year with absences of an officer, and its last published record."""

    __tablename__ = "discipline_year"
    __table_args__ = (Index("discipline_year_changed", "employee_id", "year", postgresql_where=text("changed")),)

    employee_id: UUID = Field(primary_key=True)
    year: int = Field(primary_key=True, sa_type=SmallInteger)
    changed: bool
    revision: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    record: bytes | None = None
