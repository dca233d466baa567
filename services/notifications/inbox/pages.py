"""The officer's inbox as a page: read and acknowledge notices."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.dependencies import ContextDep
from services.notifications.notices.dependencies import UpkeepDep
from services.notifications.notices.letter import indonesian_date
from services.notifications.notices.queries import NoticeRow, inbox_of
from shared.access.links import INBOX, PAGE
from shared.http.pages import html_page, page_templates

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_templates = page_templates(Path(__file__).resolve().parents[1] / "templates")


@router.get("/notices/inbox/{token}", response_class=HTMLResponse)
async def show_inbox(context: ContextDep, token: str) -> HTMLResponse:
    """Shows all notices released to the link's officer, and a link to the officer's own score."""

    async def read(session: AsyncSession) -> list[NoticeRow]:
        _, officer = await context.links.open(session, INBOX, token)
        return await inbox_of(session, officer)

    def day(moment: datetime) -> str:
        return indonesian_date(context.date_of(moment))

    notices = await context.transact(read)
    return html_page(_templates.get_template("inbox.html").render(notices=notices, token=token, day=day))


@router.get("/notices/inbox/{token}/score", response_class=HTMLResponse)
async def open_score(context: ContextDep, token: str) -> RedirectResponse:
    """Redirects to the officer's own score. Checks the inbox link each time: an open page does not work after the link ends."""
    link_id, officer = await context.transact(lambda s: context.links.open(s, INBOX, token))
    handover = context.links.handover(link_id, officer)
    return RedirectResponse(f"{PAGE.path}/open/{handover}", status_code=303, headers={"Cache-Control": "no-store"})


@router.post("/notices/inbox/{token}/{notice_id}/acknowledge", response_class=HTMLResponse)
async def acknowledge_in_inbox(context: ContextDep, upkeep: UpkeepDep, token: str, notice_id: UUID) -> RedirectResponse:
    """Acknowledges a notice as read by the officer."""

    async def work(session: AsyncSession) -> None:
        _, recipient = await context.links.open(session, INBOX, token)
        await upkeep.notices.acknowledge(session, notice_id, recipient)

    await context.transact(work)
    return RedirectResponse(f"{INBOX.path}/{token}", status_code=303)
