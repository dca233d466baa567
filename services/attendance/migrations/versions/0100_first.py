"""Everything that attendance stores; one module per subject."""

from services.attendance.migrations.first.days import DAYS
from services.attendance.migrations.first.hours import HOURS
from services.attendance.migrations.first.machines import MACHINES
from services.attendance.migrations.first.people import PEOPLE
from services.attendance.migrations.first.punches import PUNCHES
from shared.db.first_tables import API_KEY, OUTBOX, UNIT_LIMIT, create

revision = "0100"  # earlier chains ended at 0008 at most: their databases cannot be upgraded
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create(OUTBOX, API_KEY, UNIT_LIMIT, PEOPLE, MACHINES, PUNCHES, HOURS, DAYS)


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
