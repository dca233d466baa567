"""Every reason that a day can have is explained in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
ATTENDANCE = ROOT / "services" / "attendance"
SOURCES = ("days/rules/day_status.py", "days/rules/completeness.py", "hours/rules/schedule.py")


def test_the_reasons_that_the_rules_give_are_listed() -> None:
    code = "".join((ATTENDANCE / name).read_text() for name in SOURCES)
    given = set(re.findall(r'"([A-Z]+(?:_[A-Z]+)*)"', code)) - {"LEPAS_PIKET", "PPPK"}
    given |= {"HOLIDAY", "COLLECTIVE_LEAVE"}  # kinds of the calendar
    words = (ROOT / "docs" / "working-time.md").read_text()
    listed = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)*)`", words.partition("## Reasons of a day")[2]))
    assert "ROSTER_NO_ENTRY" in given
    assert given == listed - {"RAMADAN"}
