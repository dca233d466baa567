"""What the routes of this service have in common."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from services.scoring.policy.policies import PolicyBook
from shared.access.auth import Principal, requires
from shared.contracts.semester import Semester
from shared.http.semesters import requested_semester
from shared.service.app import context_of, part_of
from shared.service.context import Context

__all__ = ["ContextDep", "OperatorDep", "PoliciesDep", "ReaderDep", "SemesterQuery", "semester_of"]


ContextDep = Annotated[Context, Depends(context_of)]
PoliciesDep = Annotated[PolicyBook, Depends(part_of(PolicyBook))]
OperatorDep = Annotated[Principal, requires()]
ReaderDep = Annotated[Principal, requires("scores:read")]


SemesterQuery = Annotated[
    str | None, Query(max_length=7, description="For example 2026-S2; default: the current semester.")
]


def semester_of(context: Context, name: str | None) -> Semester:
    """The requested semester, or the current one. Raises InvalidError."""
    return requested_semester(
        name, context.today, years=range(2000, 2201), refusal="the year must be between 2000 and 2200"
    )
