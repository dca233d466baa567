"""Opens a semester: fixes the units' priors from the previous one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.facts.decode import decode_feedback
from services.scoring.policy.policies import PolicyBook, request_rescore
from services.scoring.policy.rules.score import unit_prior
from services.scoring.policy.tables import UnitPrior
from services.scoring.totals.rules.contribution import NO_TOTALS, TOTALS, Contribution, add, widen_feedback
from shared.contracts.semester import Semester
from shared.db.queries import query

__all__ = ["OPENS_AFTER", "open_semester"]

OPENS_AFTER = timedelta(hours=3)
"""Delay between a semester's first midnight and its opening. By then the feedback published at the end of the previous semester
(last groups and the units' rest) has arrived and enters the units' priors. Until then the policy's own prior applies."""

OPEN_SEMESTER = text(
    "insert into semester_opening (semester, opened_at) values (:semester, :now) on conflict do nothing returning 1"
)
SET_SEMESTER_CHANGED = text("update semester_total set changed = true where semester = :semester")


class UnitTotals(NamedTuple):
    """The totals of a unit's officers."""

    org_unit_id: str
    totals: list[int]


TOTALS_OF_UNITS = query(
    f"""
    select e.org_unit_id, array[{", ".join(f"sum({name})" for name in TOTALS)}] as totals
    from semester_total join employee e using (employee_id) where semester = :semester group by 1
    """,
    UnitTotals,
)


class UnitRating(NamedTuple):
    """A rating that belongs to no officer."""

    totals: list[int]
    record: bytes


# Ratings of a unit as a whole, and ratings that formed no group of an officer by the end of the semester.
RATINGS_OF_UNITS = query(
    "select totals, record from feedback_fact where employee_id is null and semester = :semester", UnitRating
)


async def open_semester(session: AsyncSession, semester: Semester, policies: PolicyBook, now: datetime) -> bool:
    """Fixes the units' priors of a semester from the previous one, once; True if this call did it.

    Requests the scores since the semester's first midnight, which lack the priors. All scores of the previous semester become
    `changed`, because its end may make them final.
    """
    if (await session.execute(OPEN_SEMESTER, {"semester": semester.number, "now": now})).first() is None:
        return False
    policy = await policies.policy(session, semester.previous)
    for org_unit_id, totals in sorted((await _totals_of_units(session, semester.previous)).items()):
        prior = unit_prior(totals, policy)
        if prior is not None:
            session.add(UnitPrior(semester=semester.number, org_unit_id=org_unit_id, prior=str(prior)))
    await session.execute(SET_SEMESTER_CHANGED, {"semester": semester.previous.number})
    await request_rescore(session, semester, now)
    return True


async def _totals_of_units(session: AsyncSession, semester: Semester) -> dict[str, Contribution]:
    values = {"semester": semester.number}
    units = {row.org_unit_id: tuple(row.totals) for row in await TOTALS_OF_UNITS.all(session, values)}
    for row in await RATINGS_OF_UNITS.all(session, values):
        org_unit_id = decode_feedback(row.record).org_unit_id
        units[org_unit_id] = add(units.get(org_unit_id, NO_TOTALS), widen_feedback(tuple(row.totals)))
    return units
