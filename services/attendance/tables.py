"""All tables of the service, for its migrations."""

from __future__ import annotations

from services.attendance.access import tables as access_tables
from services.attendance.base import Base
from services.attendance.day_queue import tables as day_queue_tables
from services.attendance.days import tables as days_tables
from services.attendance.enrolments import tables as enrolments_tables
from services.attendance.hours import tables as hours_tables
from services.attendance.iclock import tables as iclock_tables
from services.attendance.leave import tables as leave_tables
from services.attendance.machines import tables as machines_tables
from services.attendance.people import tables as people_tables
from services.attendance.punches import tables as punches_tables
from services.attendance.regulation import tables as regulation_tables
from services.attendance.shifts import tables as shifts_tables
from shared.access.keys import ApiKey
from shared.db.shared_tables import add_shared_tables
from shared.messaging.held_events import OutboxDropped
from shared.messaging.producing.outbox import OutboxRow

__all__ = ["METADATA"]

METADATA = Base.metadata
_ROOMS = (
    access_tables,
    day_queue_tables,
    days_tables,
    enrolments_tables,
    hours_tables,
    iclock_tables,
    leave_tables,
    machines_tables,
    people_tables,
    punches_tables,
    regulation_tables,
    shifts_tables,
)  # importing a room's tables adds them
add_shared_tables(METADATA, ApiKey, OutboxDropped, OutboxRow)
