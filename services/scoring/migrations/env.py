"""Alembic's entry for the scoring service."""

from services.scoring.models import Base
from shared.db.migrations import run_environment

run_environment(Base.metadata)
