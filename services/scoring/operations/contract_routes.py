"""The contract of the events: JSON for programs, a page for browsers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from services.scoring.dependencies import ContextDep
from shared.contracts.asyncapi import asyncapi_document, servers_of
from shared.contracts.view import channel_views, schema_views, server_views
from shared.service.context import Context
from shared.service.developer_pages import developer_page
from shared.service.page_errors import wants_page
from shared.settings.url_space import EVENTS_PAGE

__all__ = ["contract_page", "router"]

router = APIRouter(prefix="/scores", tags=["contract"])

_PAGE = {"description": "The contract; as a page if the header Accept prefers HTML.", "content": {"text/html": {}}}


@router.get("/asyncapi", responses={200: _PAGE}, response_model=dict[str, Any])
async def show_contract(context: ContextDep, request: Request) -> Response:
    """The contract of all topics (AsyncAPI 3): a page for browsers, else JSON."""
    document = _document(context)
    page = wants_page(request.headers.get("accept", ""))
    answer = contract_page(document) if page else JSONResponse(document)
    answer.headers["Vary"] = "Accept"
    return answer


def contract_page(document: Mapping[str, Any]) -> HTMLResponse:
    """The page of an AsyncAPI document."""
    return developer_page(
        "asyncapi.html",
        title="Events of Kinerja",
        here=EVENTS_PAGE,
        document=document,
        servers=server_views(document),
        channels=channel_views(document),
        schemas=schema_views(document),
        as_json=lambda value: json.dumps(value, indent=2, ensure_ascii=False),
    )


@router.get("/asyncapi.json")
async def read_contract(context: ContextDep) -> dict[str, Any]:
    """The contract of all topics (AsyncAPI 3), always as JSON."""
    return _document(context)


def _document(context: Context) -> dict[str, Any]:
    """The document with the servers of this installation."""
    settings = context.settings
    return asyncapi_document(servers_of(settings.kafka_external_address, settings.kafka_external_protocol))
