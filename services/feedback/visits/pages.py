"""The citizen's form: one page, no scripts, no login, one vote."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.dependencies import ContextDep
from services.feedback.ratings.boxes.ballot_boxes import BallotBoxes
from services.feedback.ratings.boxes.dependencies import BoxesDep
from services.feedback.visits.rules.questions import QUESTIONS, InvalidRatingsError, read_ratings
from services.feedback.visits.votes import find_visit, vote
from shared.db.database import fault_of, is_transient
from shared.errors.errors import AppError, UnavailableError
from shared.http.pages import html_page, page_templates
from shared.observability.logs import logger
from shared.service.context import Context

__all__ = ["router"]

log = logger(__name__)
T = TypeVar("T")
router = APIRouter(include_in_schema=False)

HONEYPOT = "surat_elektronik"
"""A field that people do not see: only a bot fills it in."""
_FIELDS_MAX = 50

_templates = page_templates(Path(__file__).resolve().parents[1] / "templates")


@router.get("/f/{token}", response_class=HTMLResponse)
async def show_form(context: ContextDep, boxes: BoxesDep, token: str) -> HTMLResponse:
    """Shows the form, or a message that explains why there is none."""
    return await _form(context, boxes, token, {}, None, 200)


@router.post("/f/{token}", response_class=HTMLResponse)
async def submit_vote(context: ContextDep, boxes: BoxesDep, request: Request, token: str) -> HTMLResponse:
    """Stores the vote and shows a thank-you page."""
    answers = await _answers(request)
    try:
        ratings = read_ratings(answers)
    except InvalidRatingsError as error:
        return await _form(context, boxes, token, answers, str(error), 422)
    suspicious = bool(answers.get(HONEYPOT))
    refusal = await _or_message(context, lambda s: vote(context, boxes, s, token, ratings, suspicious=suspicious))
    if isinstance(refusal, HTMLResponse):
        return refusal
    return html_page(
        _templates.get_template("message.html").render(title="Terima kasih", text="Penilaian Anda sudah kami terima.")
    )


async def _or_message(context: Context, work: Callable[[AsyncSession], Awaitable[T]]) -> T | HTMLResponse:
    """Runs the work in a transaction; returns its result, or an error page for the citizen."""
    try:
        return await context.transact(work)
    except AppError as error:
        return _message(error)
    except Exception as error:
        if not is_transient(error):
            raise
        log.warning("store_unavailable", **fault_of(error))
        return _message(UnavailableError("The database does not answer."))


async def _answers(request: Request) -> dict[str, str]:
    """The first value of each field of a URL-encoded body; empty for any other body."""
    try:
        fields = parse_qs((await request.body()).decode(), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


async def _form(
    context: Context, boxes: BallotBoxes, token: str, answers: dict[str, str], fault: str | None, status: int
) -> HTMLResponse:
    found = await _or_message(context, lambda s: find_visit(context, s, token))
    if isinstance(found, HTMLResponse):
        return found
    page = _templates.get_template("form.html").render(
        visit=found, questions=QUESTIONS, answers=answers, fault=fault, honeypot=HONEYPOT,
        minimum=boxes.rules.group_minimum,
    )  # fmt: skip
    return html_page(page, status)


def _message(error: AppError) -> HTMLResponse:
    busy = isinstance(error, UnavailableError)
    title = "Mohon coba lagi" if busy else "Penilaian layanan"
    text = "Sistem sedang sibuk. Silakan muat ulang halaman ini beberapa saat lagi." if busy else error.detail
    return html_page(_templates.get_template("message.html").render(title=title, text=text), error.status)
