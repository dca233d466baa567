"""Alembic environment of the attendance service."""

from services.attendance.tables import METADATA
from shared.db.migrations import run_environment

run_environment(METADATA)
