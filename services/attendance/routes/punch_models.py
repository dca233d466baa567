"""What the routes of punches take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, model_validator

from services.attendance.domain.iclock import STATUS_NONE
from services.attendance.routes.common import SERIAL, Input, LocalTime, Moment
from shared.openapi.models import Answer

__all__ = ["PunchItem", "PunchRow", "PunchesIn", "PunchesOut", "QuarantineItem", "RowResult"]

ROWS_MAX = 5_000


class PunchRow(Input):
    """One punch: `local_time` on the machine's clock, or `at` with its offset (cut to the second)."""

    pin: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
    local_time: LocalTime | None = None
    """The time on the machine's clock, without an offset. Give either this or `at`."""
    at: Moment | None = None
    """The moment with its offset, cut to the second."""
    status: Annotated[int, Field(ge=0, le=32_767)] = STATUS_NONE
    """The key that was pressed: 0 and 4 in, 1 and 5 out, 255 none."""
    verify: Annotated[int, Field(ge=0, le=32_767)] | None = None
    """How the person was recognised, as the machine numbers it; null where it does not say."""
    work_code: Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")] = ""
    """A code that the person keyed in; kept, and not used."""

    @model_validator(mode="after")
    def _one_time(self) -> PunchRow:
        if (self.local_time is None) == (self.at is None):
            raise ValueError("give either local_time or at")
        return self


_ROW_SCHEMA = {
    "anyOf": [
        PunchRow.model_json_schema(),
        {"description": "Anything else is refused by itself, with its reason; the other rows are kept."},
    ]
}


class PunchesIn(Input):
    """Punches of one registered machine."""

    serial: Annotated[str, Field(pattern=SERIAL)]
    rows: Annotated[list[Any], Field(max_length=ROWS_MAX, json_schema_extra={"items": _ROW_SCHEMA})]
    """The punches, at most 5000. A row that is wrong is refused by itself; the other rows are kept."""
    complete_until: Moment | None = None
    """The sender's word that every punch up to here has been sent: without it no absence is ever found."""


class RowResult(Answer):
    """What became of a row. Flags: future, clock_reset (kept, not counted), unknown_pin (kept for whoever it is)."""

    index: int
    """The row's place in the request, from 0."""
    result: Literal["accepted", "duplicate", "refused"]
    """`accepted`: new. `duplicate`: known before. `refused`: not kept."""
    reason: str | None = None
    """Why it was refused; else null."""
    flags: list[str] = Field(default_factory=list)
    """`future` or `clock_reset`: kept, but not counted. `unknown_pin`: kept until an enrolment says whose it is."""


class PunchesOut(Answer):
    """One result for each row, in the same order."""

    results: list[RowResult]
    """One result for each row, in the order of the rows."""


class PunchItem(Answer):
    """A punch. `direction` follows the machine's present setting; `verify` is null when the machine gave none.

    `counted` is false where its time is not believed: `flags` say why. `received_at` is by the server's clock.
    """

    serial: str
    pin: str
    employee_id: UUID | None
    """Whose it is by the enrolments; null while the PIN is nobody's."""
    local_time: datetime
    """What the machine's clock showed, without an offset."""
    at: datetime
    """The moment of the punch."""
    direction: Literal["in", "out", "unknown"]
    """`in` or `out` where the machine's keys are believed, else `unknown`."""
    status: int
    """The key that was pressed, as the machine's protocol numbers it; 255 none."""
    verify: int | None
    """How the person was recognised, as the machine numbers it; null where it gave none."""
    flags: list[str]
    """`future`, `clock_reset` or `unknown_pin`; empty for an ordinary punch."""
    counted: bool
    """Whether the punch is used. False where its time cannot be right."""
    received_at: datetime
    """When the server received it, by the server's clock."""


class QuarantineItem(Answer):
    """A line that could not be used and is kept as it came. `kind`: the table it came for; `address`: of a refused contact."""

    serial: str
    address: str
    """The network address, of a contact that was refused; else empty."""
    kind: str
    """The table that it came for, such as ATTLOG."""
    line: str
    """The line, readable: bytes that are no text are replaced."""
    reason: str
    """Why it could not be used."""
    received_at: datetime
    """When it was received."""
