"""Twenty-eight fictitious officers in four units, with habits that give varied scores."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

__all__ = ["OFFICE", "Officer", "Unit", "roster_csv"]


@dataclass(frozen=True, slots=True)
class Officer:
    """`late_share` and `absent_share` are shares of days, `service` the usual rating 1..4, `quality` points 0..100."""

    nip: str
    name: str
    pin: str
    employment_type: str
    late_share: float
    absent_share: float
    service: float
    quality: int


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit, its machine, and its officers; the first officer is the head. `offline_days`: the machine is offline so long.

    `by_roster`: its officers work day and night shifts instead of office hours.
    """

    org_unit_id: str
    name: str
    serial: str
    services: tuple[str, ...]
    officers: tuple[Officer, ...]
    offline_days: int = 0
    by_roster: bool = False

    @property
    def head(self) -> Officer:
        return self.officers[0]


_NAMES = (
    "Afrizal Tanjung", "Betty Marlina", "Candra Wijaya", "Desi Ratnasari", "Edi Saputra", "Fitri Handayani",
    "Guntur Pratama", "Hesti Wulandari", "Irwan Syah", "Juniarti", "Khairul Anwar", "Lusi Permata", "Muhammad Ridwan",
    "Nelvi Yuliana", "Oki Setiawan", "Putri Amelia", "Rahmat Hidayat", "Sri Mulyati", "Taufik Rahman", "Ulfa Rahmi",
    "Veri Gunawan", "Wirda Ningsih", "Yusri Effendi", "Zulaikha", "Adek Firmansyah", "Bunga Citra", "Cecep Hidayat",
    "Dona Pertiwi",
)  # fmt: skip
# late share, absent share, service, quality: most are good, a few need help, one is often absent without leave
_HABITS = (
    (0.02, 0.000, 3.9, 96), (0.03, 0.000, 3.8, 93), (0.10, 0.000, 3.6, 88), (0.05, 0.000, 3.7, 90),
    (0.30, 0.010, 2.4, 62), (0.05, 0.005, 3.5, 85), (0.15, 0.000, 3.3, 80), (0.01, 0.000, 3.9, 97),
)  # fmt: skip
_UNITS = (
    (
        "disdukcapil",
        "Dinas Kependudukan dan Pencatatan Sipil",
        "KNJ2026001",
        ("KTP-el", "Kartu Keluarga", "Akta lahir"),
    ),
    ("puskesmas-kota", "Puskesmas Kota", "KNJ2026002", ("Pendaftaran", "Poli umum", "Imunisasi")),
    ("kecamatan-utara", "Kantor Kecamatan Utara", "KNJ2026003", ("Surat keterangan", "Izin usaha mikro")),
)
_EMERGENCY = ("igd-puskesmas", "IGD Puskesmas Kota", "KNJ2026004", ("Gawat darurat",))


def _officer(number: int) -> Officer:
    late, absent, service, quality = _HABITS[number % 8]
    female = number % 2
    if number == 20:  # one officer of the third unit is often absent, so that steps of PP 94/2021 are reached
        absent = 0.06
    birth = f"19{70 + number % 25}{1 + number % 12:02d}{1 + number % 27:02d}"
    if number % 8 == 5:
        nip, kind = f"{birth}202521{1 + female}{number + 1:03d}", "PPPK"
    else:
        nip, kind = f"{birth}20{5 + number % 15:02d}01{1 + female}{number + 1:03d}", "PNS"
    # machines have their own PINs: with leading zeros, and each machine starts at 1
    return Officer(nip, _NAMES[number], f"{number % 8 + 1:04d}", kind, late, absent, service, quality)


OFFICE = (
    *(
        Unit(*unit, tuple(_officer(index * 8 + n) for n in range(8)), offline_days=10 if index == 2 else 0)
        for index, unit in enumerate(_UNITS)
    ),
    Unit(*_EMERGENCY, tuple(_officer(24 + n) for n in range(4)), by_roster=True),
)


def roster_csv(active_from: str = "2024-01-01") -> bytes:
    """The roster file that BKPSDM would import."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(
        [
            "nip",
            "name",
            "employment_type",
            "org_unit_id",
            "org_unit_name",
            "superior_nip",
            "email",
            "active_from",
            "active_to",
        ]
    )
    for unit in OFFICE:
        for officer in unit.officers:
            superior = "" if officer is unit.head else unit.head.nip
            mail = f"{officer.name.lower().replace(' ', '.')}@example.go.id"
            rows.writerow(
                [
                    officer.nip,
                    officer.name,
                    officer.employment_type,
                    unit.org_unit_id,
                    unit.name,
                    superior,
                    mail,
                    active_from,
                    "",
                ]
            )
    return out.getvalue().encode()
