"""Request and response models of the punch routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, model_validator

from services.attendance.dependencies import SERIAL, Input, LocalTime, Moment
from services.attendance.punches.rules.attlog import STATUS_NONE
from shared.openapi.models import Answer

__all__ = ["PunchItem", "PunchRow", "PunchesIn", "PunchesOut", "QuarantineItem", "RowResult"]

ROWS_MAX = 5_000


class PunchRow(Input):
    """One punch: `local_time` on the machine's clock, or `at` with its offset (cut to the second)."""

    pin: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
    local_time: LocalTime | None = None
    """The time on the machine's clock, without an offset. Set either this or `at`."""
    at: Moment | None = None
    """The moment with its offset, cut to the second."""
    status: Annotated[int, Field(ge=0, le=32_767)] = STATUS_NONE
    """The pressed key: 0 and 4 in, 1 and 5 out, 255 none."""
    verify: Annotated[int, Field(ge=0, le=32_767)] | None = None
    """How the person was recognised, as numbered by the machine; null if not reported."""
    work_code: Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")] = ""
    """A code that the person entered; stored, not used."""

    @model_validator(mode="after")
    def _one_time(self) -> PunchRow:
        if (self.local_time is None) == (self.at is None):
            raise ValueError("set either local_time or at")
        return self


_ROW_SCHEMA = {
    "anyOf": [
        PunchRow.model_json_schema(),
        {"description": "Any other row is refused, with its reason; the other rows are stored."},
    ]
}


class PunchesIn(Input):
    """Punches of one registered machine."""

    serial: Annotated[str, Field(pattern=SERIAL)]
    rows: Annotated[list[Any], Field(max_length=ROWS_MAX, json_schema_extra={"items": _ROW_SCHEMA})]
    """The punches, at most 5000. An invalid row is refused alone; the other rows are stored."""
    complete_until: Moment | None = None
    """The sender's statement that every punch up to here has been sent. Without it no absence is ever found."""


class RowResult(Answer):
    """The result of a row. Flags: future, clock_reset (stored, not counted), unknown_pin (stored for a later enrolment)."""

    index: int
    """The row's index in the request, from 0."""
    result: Literal["accepted", "duplicate", "refused"]
    """`accepted`: new. `duplicate`: already stored. `refused`: not stored."""
    reason: str | None = None
    """Why it was refused; else null."""
    flags: list[str] = Field(default_factory=list)
    """`future` or `clock_reset`: stored, but not counted. `unknown_pin`: stored until an enrolment assigns the PIN."""


class PunchesOut(Answer):
    """One result per row, in the same order."""

    results: list[RowResult]
    """One result per row, in the order of the rows."""


class PunchItem(Answer):
    """A punch. `direction` depends on the machine's present setting; `verify` is null if not reported.

    `counted` is false when its time is not trusted; `flags` say why. `received_at` is by the server's clock.
    """

    serial: str
    pin: str
    employee_id: UUID | None
    """The officer, by the enrolments; null while the PIN belongs to nobody."""
    local_time: datetime
    """The time on the machine's clock, without an offset."""
    at: datetime
    """The moment of the punch."""
    direction: Literal["in", "out", "unknown"]
    """`in` or `out` if the machine's keys are trusted, else `unknown`."""
    status: int
    """The pressed key, as numbered by the machine's protocol; 255 none."""
    verify: int | None
    """How the person was recognised, as numbered by the machine; null if not reported."""
    flags: list[str]
    """`future`, `clock_reset` or `unknown_pin`; empty for an ordinary punch."""
    counted: bool
    """Whether the punch is used; false if its time cannot be right."""
    received_at: datetime
    """When the server received it, by the server's clock."""


class QuarantineItem(Answer):
    """An unusable line as received. `kind`: the table of its post; `address`: only for a refused contact."""

    serial: str
    address: str
    """The network address of a refused contact; otherwise empty."""
    kind: str
    """The table of its post, such as ATTLOG."""
    line: str
    """The line for display: bytes that are not text are replaced."""
    reason: str
    """Why it is unusable."""
    received_at: datetime
    """When it was received."""
