"""The text of a notice: the matter, the evidence, one next step, who helps. It never values or ranks the person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

__all__ = ["INDICATOR_NAMES", "Letter", "indonesian_date", "render", "render_withdrawal"]

INDICATOR_NAMES = {
    "": "nilai semester",
    "attendance": "kehadiran",
    "work_quality": "kualitas pekerjaan",
    "public_communication": "komunikasi dengan masyarakat",
}
LEVEL_NAMES = {"LIGHT": "ringan", "MEDIUM": "sedang", "HEAVY": "berat"}
EXPLANATIONS = {
    "STEP_NO_LONGER_REACHED": "Data kehadiran telah diperbaiki, sehingga jumlah hari tanpa keterangan tidak lagi mencapai"
    " jenjang yang disebut dalam surat itu.",
    "SUPERIOR_CHANGED": "Bapak/Ibu tidak lagi tercatat sebagai atasan langsung pegawai itu. Pemberitahuan disampaikan"
    " kepada atasan yang sekarang.",
}
"""Why a letter is withdrawn, by the reason's code; other codes get a general text."""

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


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter is about. `facts` are all facts that it states; `raised` if it goes to the superior of a superior."""

    kind: str
    indicator: str
    semester: str | None
    facts: Mapping[str, Any]
    raised: bool


def render(letter: Letter, *, on: date, objection_days: int) -> tuple[str, str]:
    """(subject, body) in formal Indonesian, dated `on`."""
    text = _templates.get_template(f"{letter.kind}.txt").render(
        indicator=INDICATOR_NAMES[letter.indicator],
        semester=letter.semester,
        evidence=letter.facts,
        officer=letter.facts["officer"],
        on=on,
        raised=letter.raised,
        objection_days=objection_days,
    )
    subject, _, body = text.partition("\n")
    return subject.strip(), body.strip() + "\n"


def render_withdrawal(subject: str, sent_on: date, reason: str, *, name: str | None) -> str:
    """The correction for the recipient; `name` if the letter was about somebody else."""
    explanation = EXPLANATIONS.get(reason, "Data yang mendasari surat itu telah berubah.")
    template = _templates.get_template("withdrawal.txt")
    return template.render(subject=subject, sent_on=sent_on, explanation=explanation, name=name).strip() + "\n"
