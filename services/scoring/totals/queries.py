"""The shape of rows with an officer's totals, and the SQL that selects it."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from services.scoring.totals.rules.contribution import TOTALS

__all__ = ["TOTALS_ARRAY", "OfficerTotals"]


class OfficerTotals(NamedTuple):
    """An officer's totals of a semester, in the order of TOTALS, and the officer's unit; None if it is unknown here."""

    employee_id: UUID
    semester: int
    totals: list[int]
    org_unit_id: str | None


TOTALS_ARRAY = f"array[{', '.join(f't.{name}' for name in TOTALS)}]"
"""SQL: the totals of a `semester_total t` as one array, in the order of TOTALS."""
