"""Text for the attendance service's OpenAPI document: purpose, tags in order, and examples."""

from __future__ import annotations

from services.attendance.api_examples import EXAMPLES
from shared.openapi.common import COMMON_TAGS
from shared.openapi.document import ApiTexts

__all__ = ["TEXTS"]

_ABOUT = """
Officers, attendance machines, working time and punches, and the officers' days that are computed from them.

ZKTeco machines push to `/iclock` with the manufacturer's protocol, which is not described here. Systems of other makers
send punches as JSON to `/attendance/v1/punches`. Each computed day is published on the topic `asn.attendance-day.v1`.

Lists have pages: repeat the request with `after` set to `next` until `next` is null. A PUT can be repeated: the same
content changes nothing.
"""

_TAGS = (
    (
        "officers",
        "The roster of officers and units, and each officer's unit and employment type by date.",
    ),
    ("machines", "Attendance machines: registration, state, PINs of officers, and proof of identity."),
    ("punches", "Received punches, and lines that could not be used."),
    ("days", "The computed days of an officer, each with its punches."),
    ("schedules", "Weekly working hours, and hours for a period such as Ramadan."),
    ("roster", "Shifts and days off of officers who work by roster."),
    ("calendar", "Public holidays and collective leave."),
    ("excuses", "Leave and official duty."),
    ("outages", "Times in which machines could not take punches. They cause no absence."),
    ("clock corrections", "Times in which the server's own clock was wrong."),
    ("rules", "The rules for computing a day: dated versions with their decree."),
    *COMMON_TAGS,
)

TEXTS = ApiTexts(_ABOUT, _TAGS, EXAMPLES)
