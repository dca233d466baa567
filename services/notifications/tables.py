"""All tables of the service, for its migrations."""

from __future__ import annotations

from services.notifications.base import Base
from services.notifications.delivery import tables as delivery_tables
from services.notifications.evaluations import tables as evaluations_tables
from services.notifications.grounds import tables as grounds_tables
from services.notifications.notices import tables as notices_tables
from shared.access.keys import ApiKey
from shared.access.links import OfficerLink
from shared.db.shared_tables import add_shared_tables
from shared.messaging.consuming.dead_letters import ParkedRecord
from shared.messaging.held_events import OutboxDropped
from shared.messaging.producing.outbox import OutboxRow

__all__ = ["METADATA"]

METADATA = Base.metadata
_ROOMS = (
    delivery_tables,
    evaluations_tables,
    grounds_tables,
    notices_tables,
)  # importing a room's tables adds them
add_shared_tables(METADATA, ApiKey, OfficerLink, OutboxDropped, OutboxRow, ParkedRecord)
