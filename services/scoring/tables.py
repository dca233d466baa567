"""All tables of the service, for its migrations."""

from __future__ import annotations

from services.scoring.base import Base
from services.scoring.discipline import tables as discipline_tables
from services.scoring.facts import tables as facts_tables
from services.scoring.policy import tables as policy_tables
from services.scoring.scores import tables as scores_tables
from services.scoring.totals import tables as totals_tables
from shared.access.keys import ApiKey
from shared.access.links import OfficerLink
from shared.db.shared_tables import add_shared_tables
from shared.messaging.consuming.dead_letters import ParkedRecord
from shared.messaging.held_events import OutboxDropped
from shared.messaging.producing.outbox import OutboxRow

__all__ = ["METADATA"]

METADATA = Base.metadata
_ROOMS = (
    discipline_tables,
    facts_tables,
    policy_tables,
    scores_tables,
    totals_tables,
)  # importing a room's tables adds them
add_shared_tables(METADATA, ApiKey, OfficerLink, OutboxDropped, OutboxRow, ParkedRecord)
