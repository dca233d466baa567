"""The satisfaction index of a unit or of the city, from published groups only."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.feedback.dependencies import ContextDep
from services.feedback.index.queries import read_answers
from services.feedback.index.rules.satisfaction import satisfaction
from services.feedback.ratings.boxes.dependencies import BoxesDep
from services.feedback.ratings.rules.tallies import without_few
from shared.access.auth import Principal, requires
from shared.contracts.base import DecimalText, Identifier
from shared.contracts.semester import Semester
from shared.errors.errors import InvalidError, NotFoundError
from shared.errors.problem_types import NOT_FOUND
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/feedback/v1", tags=["satisfaction"])


class SatisfactionAnswer(Answer):
    """The satisfaction index of a unit, or of the city where `org_unit_id` is null (PermenPANRB 14/2017)."""

    org_unit_id: str | None
    """The unit; null for the city."""
    semester: str
    respondents: int
    """The number of published citizens' ratings of the semester; for the city also those that formed no group of a unit."""
    n: dict[str, int]
    """Survey element to the number of its answers; 0 if too few for a mean."""
    means: dict[str, DecimalText | None]
    """Survey element to its mean, 1 to 4 with 4 places; null if too few answered."""
    skm: DecimalText | None
    """The mean of the elements, 1 to 4 with 4 places; null below the minimum number of respondents."""
    ikm: DecimalText | None
    """The index: 25 × the mean, 25 to 100 with 2 places; null below the minimum number of respondents."""
    grade: str | None
    """A (from 88.31), B (from 76.61), C (from 65.00) or D; null without an index."""


@router.get("/satisfaction", responses=refuses(NOT_FOUND))
async def read_satisfaction(
    context: ContextDep,
    boxes: BoxesDep,
    who: Annotated[Principal, requires("satisfaction:read")],
    org_unit_id: Annotated[Identifier | None, Query()] = None,
    semester: Annotated[
        str | None, Query(max_length=7, description="For example 2026-S2; default: the current semester.")
    ] = None,
) -> SatisfactionAnswer:
    """SKM and IKM of the published ratings of a semester, with the number of answers.

    Without `org_unit_id`: the index of the city, including ratings that formed no group of a unit. Below the minimum number of
    respondents (rule data) only their number is returned; elements with too few answers are omitted. A key that is limited to
    units cannot read the index of the city.
    """
    if not who.reaches_unit(org_unit_id):
        raise NotFoundError("This key has no access to such a unit.")
    try:
        wanted = Semester.parse(semester) if semester else Semester.of(context.today)
    except ValueError as error:
        raise InvalidError(f"`semester`: {error}.") from error
    respondents, answers = await context.transact(lambda s: read_answers(context, s, org_unit_id, wanted))
    enough = respondents >= boxes.rules.minimum_respondents
    found = satisfaction(respondents, without_few(answers, boxes.rules.group_minimum) if enough else {})
    return SatisfactionAnswer(
        org_unit_id=org_unit_id,
        semester=str(wanted),
        respondents=respondents,
        n=dict(found.n),
        means=dict(found.means),
        skm=found.skm,
        ikm=found.ikm,
        grade=found.grade,
    )
