"""Pages for developers, the same in every service: the API (Swagger UI) and each kind of error. No external resources."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import fastapi_offline
from fastapi import APIRouter, FastAPI
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from shared.errors.errors import NotFoundError
from shared.errors.problem_types import BY_CODE, PROBLEM_PATH, PROBLEM_TYPES
from shared.http.pages import html_page, page_templates
from shared.openapi.refusals import problem_example
from shared.settings.url_space import API_PAGES, EVENTS_PAGE

__all__ = ["add_api_page", "developer_page", "problems_router"]

SWAGGER_UI = files(fastapi_offline) / "static"

_NAMES = {"attendance": "Attendance", "feedback": "Feedback", "scores": "Scores", "notices": "Notices"}
_PAGES = (
    ("Kinerja", "/"),
    *((_NAMES[prefix], address) for prefix, address in API_PAGES.items()),
    ("Events", EVENTS_PAGE),
    ("Errors", PROBLEM_PATH),
)
_templates = page_templates(Path(__file__).resolve().parents[1] / "templates")
_CODE = re.compile(r"`([^`]+)`")
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def _code(text: str) -> Markup:
    """Escapes the text, and renders text between backquotes as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


def _markdown(text: str) -> Markup:
    """Renders a document's text. HTML in it is escaped."""
    return Markup(_MARKDOWN.render(text))  # noqa: S704 - the renderer escapes


_templates.filters["code"] = _code
_templates.filters["markdown"] = _markdown


def developer_page(template: str, *, title: str, here: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page with links to the other pages; `here` is its own address, or the address of its parent page."""
    markup = _templates.get_template(template).render(title=title, here=here, pages=_PAGES, **values)
    return html_page(markup, status)


def add_api_page(app: FastAPI, prefix: str) -> None:
    """Serves `/<prefix>/docs`: every operation, which can be tried with a key."""
    assets, openapi = f"/{prefix}/assets", f"/{prefix}/openapi.json"
    app.mount(assets, StaticFiles(directory=str(SWAGGER_UI)), name="assets")

    @app.get(API_PAGES[prefix], include_in_schema=False)
    async def docs() -> HTMLResponse:
        return developer_page("docs.html", title=app.title, here=API_PAGES[prefix], assets=assets, openapi=openapi)


def problems_router() -> APIRouter:
    """`/problems`, and a page for each `type` of a problem document."""
    router = APIRouter(prefix=PROBLEM_PATH, include_in_schema=False)

    @router.get("", response_class=HTMLResponse)
    async def list_problems() -> HTMLResponse:
        return developer_page("problems.html", title="Errors of the APIs", here=PROBLEM_PATH, kinds=PROBLEM_TYPES)

    @router.get("/{code}", response_class=HTMLResponse)
    async def show_problem(code: str) -> HTMLResponse:
        kind = BY_CODE.get(code)
        if kind is None:
            raise NotFoundError(f"There is no such error. {PROBLEM_PATH} lists them all.")
        example = json.dumps(problem_example(kind), indent=2, ensure_ascii=False)
        return developer_page(
            "problems.html", title=kind.title, here=PROBLEM_PATH, kinds=[kind], one=True, example=example
        )

    return router
