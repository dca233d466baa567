"""Tables of this room."""

from __future__ import annotations

from datetime import date

from sqlmodel import Field

from services.attendance.base import Base

__all__ = ["RuleSet"]


class RuleSet(Base, table=True):
    """A version of the attendance rules, in force from a date on."""

    __tablename__ = "rule_set"

    id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    effective_from: date
    decree: str
    window_before_minutes: int
    window_after_minutes: int
    """Of `content`: how long before and after a shift its punches are searched."""
    content: str
    """JSON as loaded from YAML."""
