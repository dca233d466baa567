"""The text of a notice: the matter, the evidence, one next step, who helps. It never values or ranks the person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

__all__ = ["INDICATOR_NAMES", "indonesian_date", "render", "render_withdrawal"]

INDICATOR_NAMES = {
    "": "nilai semester",
    "attendance": "kehadiran",
    "work_quality": "kualitas pekerjaan",
    "public_communication": "komunikasi dengan masyarakat",
}
LEVEL_NAMES = {"LIGHT": "ringan", "MEDIUM": "sedang", "HEAVY": "berat"}
WITHDRAWAL_WORDS = {
    "STEP_NO_LONGER_REACHED": "Data kehadiran telah diperbaiki, sehingga jumlah hari tanpa keterangan tidak lagi mencapai"
    " jenjang yang disebut dalam surat itu.",
    "SUPERIOR_CHANGED": "Bapak/Ibu tidak lagi tercatat sebagai atasan langsung pegawai itu. Pemberitahuan disampaikan"
    " kepada atasan yang sekarang.",
}
"""By the reason's code; other codes get a general text."""

_MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November",
    "Desember",
)  # fmt: skip


def indonesian_date(day: date | str) -> str:
    """For example 3 Agustus 2026; accepts an ISO date too."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


# Plain text for mails and inbox: the page escapes it.
_templates = Environment(  # noqa: S701
    loader=FileSystemLoader(Path(__file__).resolve().parents[1] / "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["koma"] = lambda number: str(number).replace(".", ",")
_templates.filters["tanggal"] = indonesian_date
_templates.filters["jenjang"] = lambda level: LEVEL_NAMES[level]


def render(
    kind: str,
    *,
    indicator: str,
    semester: str | None,
    evidence: Mapping[str, Any],
    on: date,
    raised: bool,
    objection_days: int,
) -> tuple[str, str]:
    """(subject, body) in formal Indonesian, dated `on`. `evidence` contains all facts that the letter states."""
    words = _templates.get_template(f"{kind}.txt").render(
        indicator=INDICATOR_NAMES[indicator],
        semester=semester,
        evidence=evidence,
        officer=evidence["officer"],
        on=on,
        raised=raised,
        objection_days=objection_days,
    )
    return _split(words)


def render_withdrawal(subject: str, sent_on: date, reason: str, *, name: str | None) -> str:
    """The correction for the recipient; `name` if the letter was about somebody else."""
    words = WITHDRAWAL_WORDS.get(reason, "Data yang mendasari surat itu telah berubah.")
    return (
        _templates.get_template("withdrawal.txt")
        .render(subject=subject, sent_on=sent_on, words=words, name=name)
        .strip()
        + "\n"
    )


def _split(words: str) -> tuple[str, str]:
    subject, _, body = words.partition("\n")
    return subject.strip(), body.strip() + "\n"
