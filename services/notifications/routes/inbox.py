"""The officer's inbox as a page: read, and say so."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from services.notifications.notices import acknowledge
from services.notifications.routes.api import inbox_of
from shared.context import Context
from shared.errors import AppError
from shared.http import context_of
from shared.pages import html_page, page_templates

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

ContextDep = Annotated[Context, Depends(context_of)]

_templates = page_templates(Path(__file__).resolve().parents[1] / "templates")


@router.get("/notices/inbox/{token}", response_class=HTMLResponse)
async def show_inbox(context: ContextDep, token: str) -> HTMLResponse:
    """All notices that were released to the link's officer."""
    try:
        notices = await inbox_of(context, context.links.read("inbox", token))
    except AppError as error:
        return _page(error.status, notices=[], token=token, fault=error.detail)
    return _page(200, notices=notices, token=token, fault=None)


@router.post("/notices/inbox/{token}/{notice_id}/acknowledge")
async def acknowledge_in_inbox(context: ContextDep, request: Request, token: str, notice_id: UUID) -> RedirectResponse:
    """The officer has read it."""
    recipient = context.links.read("inbox", token)
    days = request.app.state.rules.objection_days
    await context.transact(lambda s: acknowledge(context, s, notice_id, days, recipient))
    return RedirectResponse(f"/notices/inbox/{token}", status_code=303)


def _page(status: int, **values: object) -> HTMLResponse:
    return html_page(_templates.get_template("inbox.html").render(**values), status)
