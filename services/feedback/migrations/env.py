"""Alembic's entry for the feedback service."""

from services.feedback.tables import METADATA
from shared.db.migrations import run_environment

run_environment(METADATA)
