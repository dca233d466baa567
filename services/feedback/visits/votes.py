"""The single vote of each visit.

Nobody can join a vote with its visit: the visit stores only that it was used; the answers go into an encrypted box.
"""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.ratings.boxes.ballot_boxes import BallotBoxes, Target
from services.feedback.ratings.rules.ballots import Ballot, cast, minute_of
from services.feedback.visits.queries import USE_VISIT, VISIT_OF_LINK, VisitOfLink
from services.feedback.visits.rules.links import LinkFault, link_fault
from services.feedback.visits.visit_links import stored_token
from shared.errors.errors import GoneError, NotFoundError
from shared.service.context import Context

__all__ = ["find_visit", "vote"]

_FAULTS: dict[LinkFault, str] = {
    "used": "Penilaian untuk kunjungan ini sudah diterima. Terima kasih.",
    "expired": "Tautan ini sudah kedaluwarsa.",
}


async def find_visit(context: Context, session: AsyncSession, token: str) -> VisitOfLink:
    """The visit of a link that may still vote. Raises NotFoundError or GoneError with a message for the citizen."""
    visit = await VISIT_OF_LINK.first(session, {"token": stored_token(context, token)})
    if visit is None:
        raise NotFoundError("Tautan ini tidak dikenal. Periksa kembali tautan pada struk kunjungan Anda.")
    fault = link_fault(used=visit.used, expires_at=visit.expires_at, now=context.clock.now())
    if fault is not None:
        raise GoneError(_FAULTS[fault])
    return visit


async def vote(
    context: Context,
    boxes: BallotBoxes,
    session: AsyncSession,
    token: str,
    ratings: dict[str, int],
    *,
    suspicious: bool,
) -> None:
    """Sets the visit to used and puts the ballot into its target's box, in one transaction. Raises like find_visit.

    Publishes nothing: see ratings/publication.py.
    """
    visit = await find_visit(context, session, token)
    if await USE_VISIT.first(session, {"visit_id": visit.visit_id}) is None:
        raise GoneError(_FAULTS["used"])
    now = context.clock.now()
    target = Target(visit.employee_id, visit.org_unit_id, visit.weight_class)
    content = cast(
        await boxes.open(session, target),
        Ballot(context.date_of(now), ratings),
        boxes.rules,
        minute=None if target.employee_id is None else minute_of(now),
        suspicious=suspicious,
        batch_id=uuid4(),
    )
    await boxes.write(session, target, content)
