"""Ballot boxes in the database: one row per target, rewritten completely with each vote.

A row contains the target, whether a group can be published and whether ballots are quarantined; everything else is encrypted.
It has no timestamp and no counter: nothing in it leads to a ballot's visit. A vote's transaction updates the visit and rewrites
the box, so a dump can reveal the box's newest visit, but not the answers that it gave.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.ratings.boxes.seal import Seal
from services.feedback.ratings.rules.ballots import Content, full_semesters
from services.feedback.ratings.rules.intake import IntakeRules
from shared.db.queries import query
from shared.service.context import Context

__all__ = ["CITY", "BallotBoxes", "OpenBox", "Target"]

PAGE_ROWS = 200
_NAMESPACE = UUID("7d0a2a0e-6b1e-4e0c-9c57-5c4b8f2b9a11")

# Serializes votes for one target and the publication job: each reads, changes and writes the whole box.
LOCK_BOX = text("select pg_advisory_xact_lock(hashtextextended(cast(:box as text), 0))")
UPSERT_BOX = text(
    """
    insert into ballot_box (box_id, employee_id, org_unit_id, weight_class, due, quarantined, sealed)
    values (:box, :employee_id, :org_unit_id, :weight_class, :due, :quarantined, :sealed)
    on conflict (box_id) do update
    set due = excluded.due, quarantined = excluded.quarantined, sealed = excluded.sealed
    """
)


class SealedBox(NamedTuple):
    box_id: UUID
    employee_id: UUID | None
    org_unit_id: str | None
    weight_class: str | None
    due: bool
    sealed: bytes


class DueBox(NamedTuple):
    employee_id: UUID | None
    org_unit_id: str | None
    weight_class: str | None


_BOXES = "select box_id, employee_id, org_unit_id, weight_class, due, sealed from ballot_box"
BOX = query(f"{_BOXES} where box_id = :box", SealedBox)
BOX_PAGE = query(f"{_BOXES} where box_id > :after order by box_id limit {PAGE_ROWS}", SealedBox)
QUARANTINED_BOXES = query(f"{_BOXES} where quarantined order by box_id", SealedBox)
DUE_BOXES = query("select employee_id, org_unit_id, weight_class from ballot_box where due order by box_id", DueBox)


@dataclass(frozen=True, slots=True)
class Target:
    """The owner of a box: an officer in a unit, a whole unit (no officer), or the city (no unit, no weight class)."""

    employee_id: UUID | None
    org_unit_id: str | None
    weight_class: str | None

    @property
    def box_id(self) -> UUID:
        return uuid5(_NAMESPACE, f"{self.employee_id}\n{self.weight_class}\n{self.org_unit_id}")

    @property
    def above(self) -> Target:
        """The box that receives the ballots that form no group by the end of the semester."""
        return CITY if self.employee_id is None else Target(None, self.org_unit_id, self.weight_class)

    @property
    def level(self) -> int:
        """0 for an officer, 1 for a unit, 2 for the city."""
        return 0 if self.employee_id is not None else 1 if self.org_unit_id is not None else 2


CITY = Target(None, None, None)


@dataclass(frozen=True, slots=True)
class OpenBox:
    """A decrypted box, read without its lock."""

    target: Target
    content: Content
    due: bool
    newest_seal: bool


class BallotBoxes:
    """Reads and writes boxes under the rules' group minimum."""

    def __init__(self, context: Context, rules: IntakeRules, keys: str) -> None:
        self.rules = rules
        self._context = context
        self._seal = Seal(keys)

    async def open(self, session: AsyncSession, target: Target) -> Content:
        """Locks a box until the end of the transaction and returns its content. Raises SealError."""
        await session.execute(LOCK_BOX, {"box": str(target.box_id)})
        box = await BOX.first(session, {"box": target.box_id})
        return Content() if box is None else self._seal.open(target.box_id, box.sealed)[0]

    async def write(self, session: AsyncSession, target: Target, content: Content) -> None:
        """Writes a box that this transaction has locked with `open`."""
        values = {
            "box": target.box_id,
            "employee_id": target.employee_id,
            "org_unit_id": target.org_unit_id,
            "weight_class": target.weight_class,
            "due": self.is_due(target, content),
            "quarantined": bool(content.quarantined),
            "sealed": self._seal.close(target.box_id, content),
        }
        await session.execute(UPSERT_BOX, values)

    def is_due(self, target: Target, content: Content) -> bool:
        """Whether a group can be published from this box."""
        return target != CITY and bool(full_semesters(content, self.rules.group_minimum))

    async def due(self, session: AsyncSession) -> list[Target]:
        """The boxes from which a group can be published."""
        return [Target(*row) for row in await DUE_BOXES.all(session)]

    async def quarantined(self, session: AsyncSession) -> list[OpenBox]:
        """The boxes with quarantined ballots. Raises SealError."""
        return [self._opened(box) for box in await QUARANTINED_BOXES.all(session)]

    async def all(self) -> AsyncIterator[OpenBox]:
        """Every box, read page by page, not in one snapshot. Raises SealError."""
        after = UUID(int=0)
        while True:
            async with self._context.database.transaction() as session:
                boxes = await BOX_PAGE.all(session, {"after": after})
            for box in boxes:
                yield self._opened(box)
            if len(boxes) < PAGE_ROWS:
                return
            after = boxes[-1].box_id

    def _opened(self, box: SealedBox) -> OpenBox:
        content, newest = self._seal.open(box.box_id, box.sealed)
        return OpenBox(Target(box.employee_id, box.org_unit_id, box.weight_class), content, box.due, newest)
