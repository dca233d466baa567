"""Alembic environment of the attendance service."""

from services.attendance.models import Base
from shared.db.migrations import run_environment

run_environment(Base.metadata)
