"""All tables of the service, for its migrations."""

from __future__ import annotations

from services.feedback.base import Base
from services.feedback.people import tables as people_tables
from services.feedback.quarantine import tables as quarantine_tables
from services.feedback.ratings import tables as ratings_tables
from services.feedback.visits import tables as visits_tables

__all__ = ["METADATA"]

METADATA = Base.metadata
_ROOMS = (
    people_tables,
    quarantine_tables,
    ratings_tables,
    visits_tables,
)  # importing a room's tables adds them
