"""Opens a semester: fixes the units' priors from the previous one."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.facts.decode import decode_feedback
from services.scoring.policy.policies import PolicyBook, request_rescore
from services.scoring.policy.rules.score import unit_prior
from services.scoring.totals.rules.contribution import NO_TOTALS, TOTALS, add, widen_feedback
from shared.contracts.semester import Semester

__all__ = ["OPENS_AFTER", "open_semester"]

OPENS_AFTER = timedelta(hours=3)
"""Delay between a semester's first midnight and its opening. By then the feedback published at the end of the previous semester
(last groups and the units' rest) has arrived and enters the units' priors. Until then the policy's own prior applies."""


# Ratings of a unit as a whole, and ratings that formed no group of an officer by the end of the semester.
_RATINGS_OF_UNITS = text("select totals, record from feedback_fact where employee_id is null and semester = :semester")


async def open_semester(session: AsyncSession, semester: Semester, policies: PolicyBook, now: datetime) -> bool:
    """Fixes the units' priors of a semester from the previous one, once; True if this call did it.

    Requests the scores since the semester's first midnight, which lack the priors. All scores of the previous semester are marked
    as changed, because its end may make them final.
    """
    opened = await session.execute(
        text(
            "insert into semester_opening (semester, opened_at) values (:semester, :now)"
            " on conflict do nothing returning 1"
        ),
        {"semester": semester.number, "now": now},
    )
    if opened.first() is None:
        return False
    sums = ", ".join(f"sum({name})" for name in TOTALS)
    rows = await session.execute(
        text(
            f"select e.org_unit_id, {sums} from semester_total join employee e using (employee_id)"
            " where semester = :previous group by 1"
        ),
        {"previous": semester.previous.number},
    )
    policy = await policies.policy(session, semester.previous)
    units = {org_unit_id: tuple(int(total) for total in totals) for org_unit_id, *totals in rows.all()}
    of_units = await session.execute(_RATINGS_OF_UNITS, {"semester": semester.previous.number})
    for totals, evidence in of_units.all():
        org_unit_id = decode_feedback(evidence).org_unit_id
        units[org_unit_id] = add(units.get(org_unit_id, NO_TOTALS), widen_feedback(tuple(totals)))
    for org_unit_id, totals in sorted(units.items()):
        prior = unit_prior(totals, policy)
        if prior is not None:
            await session.execute(
                text("insert into unit_prior (semester, org_unit_id, prior) values (:semester, :unit, :prior)"),
                {"semester": semester.number, "unit": org_unit_id, "prior": str(prior)},
            )
    await session.execute(
        text("update semester_total set changed = true where semester = :previous"),
        {"previous": semester.previous.number},
    )
    await request_rescore(session, semester, now)
    return True
