"""Alembic's entry for the notifications service."""

from services.notifications.tables import METADATA
from shared.db.migrations import run_environment

run_environment(METADATA)
