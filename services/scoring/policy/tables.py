"""Tables of this room."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import SmallInteger
from sqlmodel import Field

from services.scoring.base import Base
from shared.db.database import utc_field

__all__ = ["RuleDocument", "UnitPrior"]


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


class UnitPrior(Base, table=True):
    """A unit's mean rating of the previous semester, 1 to 4 with 4 places, as text."""

    __tablename__ = "unit_prior"

    semester: int = Field(primary_key=True, sa_type=SmallInteger)
    org_unit_id: str = Field(primary_key=True)
    prior: str
