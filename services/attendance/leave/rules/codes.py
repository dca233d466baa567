"""The kinds of leave and duty, by code.

Leave kinds follow BKN Regulation 24/2017 on civil servants' leave; the others are common in local rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.attendance.leave.rules.excuse import ExcuseKind

__all__ = ["EXCUSE_KINDS"]

EXCUSE_KINDS: Final[Mapping[str, ExcuseKind]] = MappingProxyType(
    {
        "CUTI_TAHUNAN": ExcuseKind.LEAVE,
        "CUTI_BESAR": ExcuseKind.LEAVE,
        "CUTI_SAKIT": ExcuseKind.LEAVE,
        "CUTI_MELAHIRKAN": ExcuseKind.LEAVE,
        "CUTI_ALASAN_PENTING": ExcuseKind.LEAVE,
        "CUTI_BERSAMA": ExcuseKind.LEAVE,
        "CLTN": ExcuseKind.LEAVE,
        "IZIN": ExcuseKind.LEAVE,
        "LEPAS_PIKET": ExcuseKind.LEAVE,
        "DINAS_LUAR": ExcuseKind.DUTY,
        "TUGAS_BELAJAR": ExcuseKind.DUTY,
        "WFH_FWA": ExcuseKind.DUTY,
    }
)
"""Each code and whether it removes the day from the totals (leave) or counts as worked (duty)."""
