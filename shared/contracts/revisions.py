"""How far the revision of a thing may jump, and how its owner gets above a wrong one.

Every reader keeps the highest revision. So one wrong record with a very high revision would block its thing for ever:
no correct record would be higher. Therefore readers refuse a jump, and an owner can always exceed an accepted revision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from shared.contracts.base import REVISION_MAX, Record

__all__ = ["REVISION_TOO_FAR", "STEP_MAX", "AboveError", "revision_above", "too_far", "with_rungs"]

R = TypeVar("R", bound=Record)

STEP_MAX = 1_000_000
"""How far above the known revision of a thing the next one may be: far more than an owner counts within a retention, far
less than a column holds."""
REVISION_TOO_FAR = "REVISION_TOO_FAR"
"""The reason code of a record that is parked for a jump."""


class AboveError(ValueError):
    """The owner's revision cannot be raised as requested; the message says why and what to do."""


def too_far(known: int, given: int) -> bool:
    """Whether a revision is too far above the known one of the same thing; `known` is 0 for a thing not seen before."""
    return given - known > STEP_MAX


def revision_above(present: int, above: int) -> int:
    """The revision with which the owner, whose thing is at `present`, exceeds the wrong one `above`.

    It may be more than STEP_MAX higher: readers that followed a faulty writer step by step are already there, and the
    others follow the copies of `with_rungs`. Raises AboveError if the present revision is already above it, and if the
    owner would have less than STEP_MAX left to count.
    """
    if above < present:
        raise AboveError(
            f"The present revision {present} is already above {above}: `kinerja republish` sends it again."
        )
    if above >= REVISION_MAX - STEP_MAX:
        raise AboveError(
            f"{above} is too near to {REVISION_MAX}, the highest revision: the owner could not count on from there."
            " docs/runbooks/replay.md says what to do in the readers' stores."
        )
    return above + 1


def with_rungs(records: Sequence[R]) -> list[R]:
    """The records, each after copies of itself with lower revisions, so that every reader accepts it.

    Copies are at each multiple of STEP_MAX below: a reader that does not know the thing, or has an old state, would
    otherwise refuse the jump. Below STEP_MAX, where revisions usually are, there are none. A reader with a higher revision
    ignores them. They are ordered by revision, so that records of one revision stay together.
    """
    highest = max((record.revision for record in records), default=0)
    steps = [
        record.model_copy(update={"revision": rung})
        for rung in range(STEP_MAX, highest, STEP_MAX)
        for record in records
        if rung < record.revision
    ]
    return [*steps, *records]
