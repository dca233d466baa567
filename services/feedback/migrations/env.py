"""Alembic's entry for the feedback service."""

from services.feedback.models import Base
from shared.db.migrations import run_environment

run_environment(Base.metadata)
