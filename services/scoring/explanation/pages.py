"""Pages for people: the front page, and an officer's own score with everything behind it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.dependencies import ContextDep, PoliciesDep, SemesterQuery, semester_of
from services.scoring.explanation.day_note import day_note
from services.scoring.explanation.explain import explain
from services.scoring.explanation.models import Explanation
from services.scoring.facts.tables import Employee
from shared.access.links import FROM_INBOX, PAGE
from shared.http.pages import html_page, page_templates

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

INDICATOR_NAMES = {
    "attendance": "Kehadiran",
    "work_quality": "Kualitas pekerjaan",
    "public_communication": "Komunikasi dengan masyarakat",
}
UNSUR_NAMES = {
    "completion_time": "Kecepatan",
    "product": "Hasil layanan",
    "officer_competence": "Kemampuan petugas",
    "officer_conduct": "Kesopanan petugas",
}
STATE_NAMES = {"assessed": "dinilai", "too_few": "belum cukup data", "missing": "belum ada data"}
BAND_NAMES = {
    "SANGAT_BAIK": "Sangat baik",
    "BAIK": "Baik",
    "BUTUH_PERBAIKAN": "Butuh perbaikan",
    "KURANG": "Kurang",
}
STATUS_NAMES = {
    "present": "hadir",
    "absent": "tidak hadir",
    "excused": "izin/cuti",
    "official_duty": "dinas luar",
    "off": "libur",
    "unknown": "belum diketahui",
}
LEVEL_NAMES = {"LIGHT": "ringan", "MEDIUM": "sedang", "HEAVY": "berat"}
_MONTHS = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
]

_templates = page_templates(Path(__file__).resolve().parents[1] / "templates")


def indonesian_date(day: date) -> str:
    """3 Agustus 2026."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def comma(number: object) -> str:
    """Formats a number with a decimal comma, as in Indonesian."""
    return str(number).replace(".", ",")


def thousands(number: int) -> str:
    """48.150."""
    return f"{number:,}".replace(",", ".")


def percent(share: Decimal) -> str:
    """Formats a weight of 0 to 1, as in 40% or 57,14%."""
    return comma((share * 100).normalize().__format__("f")) + "%"


_templates.filters.update(
    catatan=day_note,
    persen=percent,
    ribuan=thousands,
    tanggal=indonesian_date,
    koma=comma,
    indikator=lambda code: INDICATOR_NAMES.get(code, code),
    unsur=lambda code: UNSUR_NAMES.get(code, code),
    keadaan=lambda code: STATE_NAMES.get(code, code),
    pita=lambda code: BAND_NAMES.get(code, code),
    status=lambda code: STATUS_NAMES.get(code, code),
    tingkat=lambda code: LEVEL_NAMES.get(code, code),
)


@router.get("/", response_class=HTMLResponse)
async def front(context: ContextDep) -> HTMLResponse:
    """The front page: describes the system and links to its parts."""
    return html_page(_templates.get_template("front.html").render(url=context.links.public_url))


@router.get("/my/open/{handover}", response_class=HTMLResponse)
async def open_from_inbox(context: ContextDep, handover: str) -> RedirectResponse:
    """Redirects from an open inbox to the same officer's page. Repeated use issues only one link."""
    inbox_link, employee_id = context.links.read_handover(handover)
    link = await context.transact(
        lambda s: context.links.issue(s, PAGE, employee_id, source="inbox", valid=FROM_INBOX, origin=inbox_link)
    )
    return RedirectResponse(f"{PAGE.path}/{link.token}", status_code=303, headers={"Cache-Control": "no-store"})


@router.get("/my/{token}", response_class=HTMLResponse)
async def my_score(
    context: ContextDep, policies: PoliciesDep, request: Request, token: str, semester: SemesterQuery = None
) -> HTMLResponse:
    """ "Nilai saya": shows an officer's score with the evidence behind each point."""
    wanted = semester_of(context, semester)

    async def read(session: AsyncSession) -> tuple[Explanation, str | None]:
        _, employee_id = await context.links.open(session, PAGE, token)
        officer = await session.get(Employee, employee_id)
        return await explain(session, policies, employee_id, wanted), officer.name if officer else None

    explanation, name = await context.transact(read)
    page = _templates.get_template("my.html").render(
        x=explanation, name=name, first=wanted.first_day, last=wanted.last_day, previous=str(wanted.previous),
        path=request.url.path,
    )  # fmt: skip
    return html_page(page)
