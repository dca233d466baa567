"""Alembic's entry for the scoring service."""

from services.scoring.tables import METADATA
from shared.db.migrations import run_environment

run_environment(METADATA)
