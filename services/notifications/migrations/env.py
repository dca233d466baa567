"""Alembic's entry for the notifications service."""

from services.notifications.models import Base
from shared.db.migrations import run_environment

run_environment(Base.metadata)
