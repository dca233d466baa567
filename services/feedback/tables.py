"""All tables of the service, for its migrations."""

from __future__ import annotations

from services.feedback.base import Base
from services.feedback.people import tables as people_tables
from services.feedback.quarantine import tables as quarantine_tables
from services.feedback.ratings import tables as ratings_tables
from services.feedback.visits import tables as visits_tables
from shared.access.keys import ApiKey
from shared.db.shared_tables import add_shared_tables
from shared.messaging.consuming.dead_letters import ParkedRecord
from shared.messaging.held_events import OutboxDropped
from shared.messaging.producing.outbox import OutboxRow

__all__ = ["METADATA"]

METADATA = Base.metadata
_ROOMS = (
    people_tables,
    quarantine_tables,
    ratings_tables,
    visits_tables,
)  # importing a room's tables adds them
add_shared_tables(METADATA, ApiKey, OutboxDropped, OutboxRow, ParkedRecord)
