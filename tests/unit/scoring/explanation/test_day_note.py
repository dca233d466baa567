"""An officer reads the reason for each day's status, in Indonesian."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

from services.scoring.explanation.day_note import REASON_TEXT, day_note
from services.scoring.explanation.models import DayEvidence

DOCUMENT = Path(__file__).parents[4] / "docs" / "working-time.md"


def noted(*reasons: str, **changes: Any) -> str:
    values: dict[str, Any] = {
        "work_date": date(2026, 8, 3), "revision": 1, "state": "final", "status": "present", "excuse": None,
        "scheduled_minutes": 450, "credited_minutes": 450, "late_minutes": 0, "early_leave_minutes": 0,
        "missing_punches": [], "first_in": None, "last_out": None, "reasons": list(reasons), "rule": "default 1",
        "counted": True, "contribution": {},
    }  # fmt: skip
    return day_note(DayEvidence(**(values | changes)))


def test_every_documented_reason_has_a_text() -> None:
    section = DOCUMENT.read_text().partition("## Reasons of a day")[2].partition("\n## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("|")]
    documented = {code for row in rows for code in re.findall(r"`([A-Z_]+)`", row[1])}
    assert documented - {"RAMADAN"} == set(REASON_TEXT)


def test_reasons_stand_on_one_line_with_their_minutes() -> None:
    assert noted("NO_MACHINE", status="unknown") == "tidak ada mesin presensi di unit pada waktu itu"
    assert noted("ROSTER", "LATE", "OUT_MISSING", late_minutes=12, missing_punches=["out"]) == (
        "terlambat 12 menit; tanpa presensi pulang"
    )
    assert noted("RAMADAN") == "RAMADAN"
    assert noted("{late}") == "{late}"
    assert noted() == ""


def test_minutes_and_missing_punches_are_named_without_a_reason_code() -> None:
    assert noted(early_leave_minutes=5, missing_punches=["in"]) == "pulang awal 5 menit; tanpa presensi masuk"
