"""The reasons of a work date in Indonesian, as the officer reads them."""

from __future__ import annotations

from collections.abc import Mapping

from services.scoring.explanation.models import DayEvidence

__all__ = ["REASON_TEXT", "day_note"]

REASON_TEXT: Mapping[str, str] = {
    "NOT_EMPLOYED": "di luar masa kerja",
    "REST_DAY": "hari istirahat",
    "NO_SCHEDULE": "jam kerja belum ditetapkan",
    "ROSTER": "",
    "ROSTER_OFF": "libur menurut jadwal giliran",
    "ROSTER_NO_ENTRY": "tidak ada dalam jadwal giliran",
    "HOLIDAY": "hari libur",
    "COLLECTIVE_LEAVE": "cuti bersama",
    "HOLIDAY_UNCONFIRMED": "hari libur yang belum ditetapkan",
    "LEAVE": "",
    "DUTY": "",
    "HALF_DAY": "yang dihitung hanya separuh hari lainnya",
    "EXCUSE_REQUESTED": "permohonan izin atau cuti belum diputuskan",
    "LATE": "terlambat {late} menit",
    "EARLY_LEAVE": "pulang awal {early} menit",
    "IN_MISSING": "tanpa presensi masuk",
    "OUT_MISSING": "tanpa presensi pulang",
    "DAY_CAP": "potongan dibatasi setara satu hari tidak hadir",
    "NO_PUNCH": "tidak ada presensi",
    "OUTAGE": "mesin presensi terganggu",
    "NO_MACHINE": "tidak ada mesin presensi di unit pada waktu itu",
    "DAY_NOT_OVER": "hari kerja belum selesai",
    "AWAITING_MACHINES": "menunggu data dari mesin presensi",
    "MACHINE_CLOCK_WRONG": "jam mesin presensi keliru",
    "OTHER_SITE": "presensi di mesin unit lain",
    "PUNCH_NOT_COUNTED": "ada presensi yang tidak dihitung karena waktunya tidak mungkin",
}
"""By the codes of docs/working-time.md; empty where the day's status says the same. Another code, such as RAMADAN, is the
name of a decree's hours and is shown unchanged."""


def day_note(day: DayEvidence) -> str:
    """One line; empty if there is nothing to explain. Minutes and missing punches are named even without a reason's code."""
    codes = list(day.reasons)
    codes += ["LATE"] if day.late_minutes else []
    codes += ["EARLY_LEAVE"] if day.early_leave_minutes else []
    codes += [f"{side.upper()}_MISSING" for side in day.missing_punches]
    texts = (_text(code, day) for code in dict.fromkeys(codes))
    return "; ".join(text for text in texts if text)


def _text(code: str, day: DayEvidence) -> str:
    if code not in REASON_TEXT:
        return code
    return REASON_TEXT[code].format(late=day.late_minutes, early=day.early_leave_minutes)
