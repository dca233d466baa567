"""All tables of the service, for its migrations."""

from __future__ import annotations

from services.scoring.base import Base
from services.scoring.discipline import tables as discipline_tables
from services.scoring.facts import tables as facts_tables
from services.scoring.policy import tables as policy_tables
from services.scoring.scores import tables as scores_tables
from services.scoring.totals import tables as totals_tables

__all__ = ["METADATA"]

METADATA = Base.metadata
_ROOMS = (
    discipline_tables,
    facts_tables,
    policy_tables,
    scores_tables,
    totals_tables,
)  # importing a room's tables adds them
