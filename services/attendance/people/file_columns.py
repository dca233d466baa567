"""The columns of this service's import files. docs/office-files.md lists them; `kinerja roster template` writes samples."""

from __future__ import annotations

from typing import Final

from shared.office_files.columns import Column

__all__ = ["EMPLOYMENT_TYPES", "ENTRIES", "ROSTER_COLUMNS", "SHIFT_COLUMNS"]

EMPLOYMENT_TYPES: Final = {
    "pns": "PNS",
    "pppk": "PPPK",
    "p3k": "PPPK",
    "pppk part time": "PPPK_PART_TIME",
    "pppk paruh waktu": "PPPK_PART_TIME",
    "p3k paruh waktu": "PPPK_PART_TIME",
}
"""Spelling in a file (lower case, spaces for underscores) → the contract's value."""
ENTRIES: Final = {"shift": "shift", "dinas": "shift", "off": "off", "libur": "off", "none": "none", "hapus": "none"}
"""Spelling in a file → the roster's value."""

_NIP: Final = ("NIP", "NIP Baru", "NIP/NI PPPK", "Nomor Induk Pegawai", "No. Induk Pegawai")
_SAMPLE_NIPS: Final = ("190003172010011002", "190009132025212001")
"""Of persons born in 1900: no officer can have them."""

ROSTER_COLUMNS: Final = (
    Column("nip", _NIP, "18 digits; blanks are ignored.", _SAMPLE_NIPS, required=True),
    Column(
        "name",
        ("Nama", "Nama Lengkap", "Nama Pegawai"),
        "1 to 200 characters.",
        ("Budi Contoh, S.E.", "Siti Contoh"),
        required=True,
    ),
    Column(
        "employment_type",
        ("Jenis Kepegawaian", "Jenis Pegawai", "Status Kepegawaian", "Jenis ASN"),
        "PNS, PPPK (or P3K), or PPPK_PART_TIME (or PPPK Paruh Waktu).",
        ("PNS", "PPPK"),
        required=True,
        values=frozenset(EMPLOYMENT_TYPES),
    ),
    Column(
        "org_unit_id",
        ("Kode Unit Kerja", "ID Unit Kerja", "Kode Unit", "ID Unit", "Kode OPD", "Kode Unor"),
        "The unit's short name or code, 1 to 100 characters; do not change it.",
        ("dinas-contoh", "dinas-contoh"),
        required=True,
    ),
    Column(
        "org_unit_name",
        ("Unit Kerja", "Nama Unit Kerja", "Unit Organisasi", "OPD", "Nama OPD", "Unor", "Perangkat Daerah"),
        "The unit's name, 1 to 200 characters, the same on all lines of the unit.",
        ("Dinas Contoh", "Dinas Contoh"),
        required=True,
    ),
    Column(
        "active_from",
        ("Aktif Sejak", "Mulai Aktif", "Mulai Bertugas", "Tanggal Mulai"),
        "The first date on which the officer works here.",
        ("2024-01-01", "2025-03-01"),
        required=True,
        kind="date",
    ),
    Column(
        "superior_nip",
        ("NIP Atasan", "NIP Atasan Langsung", "NIP Pejabat Penilai"),
        "The NIP of the superior, who must be in this file or an earlier one.",
        ("", _SAMPLE_NIPS[0]),
    ),
    Column(
        "email",
        ("E-mail", "Surel", "Alamat Email", "Alamat Surel"),
        "The address for notifications.",
        ("budi.contoh@example.go.id", ""),
    ),
    Column(
        "active_to",
        ("Aktif Sampai", "Tanggal Akhir", "Tanggal Berhenti"),
        "The last date on which the officer works here; empty if there is none.",
        ("", ""),
        kind="date",
    ),
    Column(
        "unit_from",
        ("Unit Kerja Sejak", "TMT Unit Kerja"),
        "The first date in this unit; empty: a new unit applies from today.",
        ("", ""),
        kind="date",
    ),
    Column(
        "employment_type_from",
        ("Jenis Kepegawaian Sejak", "TMT Jenis Kepegawaian"),
        "The first date with this employment type; empty: a new type applies from today.",
        ("", ""),
        kind="date",
    ),
)

SHIFT_COLUMNS: Final = (
    Column(
        "nip",
        _NIP,
        "The NIP of an officer in the roster, 18 digits.",
        _SAMPLE_NIPS,
        required=True,
    ),
    Column(
        "work_date",
        ("Tanggal", "Tanggal Kerja", "Tanggal Dinas"),
        "The date on which the shift starts, or the date of the day off.",
        ("2026-09-01", "2026-09-01"),
        required=True,
        kind="date",
    ),
    Column(
        "start",
        ("Mulai", "Jam Mulai", "Jam Masuk", "Masuk"),
        "The local time at which the shift starts; empty on a day off.",
        ("21:00", ""),
        required=True,
        kind="time",
    ),
    Column(
        "end",
        ("Selesai", "Jam Selesai", "Jam Pulang", "Pulang"),
        "The local time at which the shift ends; if not after the start, on the next date.",
        ("07:00", ""),
        required=True,
        kind="time",
    ),
    Column(
        "break_minutes",
        ("Istirahat", "Menit Istirahat"),
        "The break in whole minutes, 0 to 720; empty: 0.",
        ("60", ""),
    ),
    Column(
        "entry",
        ("Jenis", "Jenis Entri"),
        "shift (or dinas), off (or libur), none (or hapus: removes an entry); empty: shift with times, off without.",
        ("", "off"),
        values=frozenset(ENTRIES),
    ),
)
