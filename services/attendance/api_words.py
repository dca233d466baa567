"""What the attendance service's OpenAPI document says beside the code: its purpose, its subjects in order, and examples."""

from __future__ import annotations

from services.attendance.api_examples import EXAMPLES
from shared.openapi.common import COMMON_TAGS
from shared.openapi.document import ApiWords

__all__ = ["WORDS"]

_ABOUT = """
Officers, attendance machines, working time and the punches, and each officer's days that follow from them.

ZKTeco machines push to `/iclock`, by the maker's protocol, which is not described here. Systems of other makes send punches as
JSON to `/attendance/v1/punches`. Each day that is computed goes out as a record on the topic `asn.attendance-day.v1`.

Lists come in pages: read on with `after` set to `next`, until `next` is null. What is written with PUT can be sent again: the
same content changes nothing.
"""

_TAGS = (
    (
        "officers",
        "The roster of officers and units, and which unit and employment type an officer has from which date on.",
    ),
    ("machines", "Attendance machines: registration, how each is, whose PIN is whose, and what proves a machine."),
    ("punches", "Punches as they arrive, and lines that could not be used."),
    ("days", "The result: an officer's days, with the punches behind each."),
    ("schedules", "Working hours of weeks, and dated hours such as those of Ramadan."),
    ("roster", "Shifts and days off of officers who work by roster."),
    ("calendar", "Public holidays and collective leave."),
    ("excuses", "Leave and official duty."),
    ("outages", "Times in which machines could not take punches: nobody is absent for them."),
    ("clock corrections", "Times in which the server's own clock was wrong."),
    ("rules", "The rules by which a day is judged: dated versions with their decree."),
    *COMMON_TAGS,
)

WORDS = ApiWords(_ABOUT, _TAGS, EXAMPLES)
