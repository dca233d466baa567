"""An error on a page's address is a page in the reader's language; on an API, a problem document, or a page in a browser."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.pages import html_page, page_templates
from shared.http.problems import PROBLEM_TYPE
from shared.service.developer_pages import developer_page
from shared.settings.url_space import API_PAGES

__all__ = ["API_SEGMENTS", "MESSAGES", "PAGE_PATHS", "PageErrors", "answers_with_pages", "language_of", "wants_page"]

PAGE_PATHS = ("/my", "/notices/inbox", "/f")
"""The addresses of pages behind links, each with all paths below it. Elsewhere a client that asks for HTML gets a page."""
API_SEGMENTS = frozenset({"attendance", "feedback", "scores", "notices", "iclock", "problems"})
"""First path segments of addresses for programs and their developers."""
LANGUAGES = ("id", "en")

_KEPT_HEADERS = ("retry-after", "allow", "connection", "www-authenticate", "x-request-id")
MESSAGES: dict[int, dict[str, tuple[str, str]]] = {  # by status and language: a title and what to do
    400: {
        "id": ("Permintaan tidak dapat dibaca", "Buka lagi tautan yang Anda terima, atau isi kembali halamannya."),
        "en": ("This request cannot be read", "Open the link that you received again, or fill in the page again."),
    },
    404: {
        "id": (
            "Halaman tidak ditemukan",
            "Tautan ini tidak dikenal. Periksa kembali alamatnya, atau mintalah tautan baru kepada pemberinya.",
        ),
        "en": (
            "Page not found",
            "This link is not known. Check the address, or ask whoever gave it to you for a new one.",
        ),
    },
    405: {
        "id": ("Halaman ini tidak dapat dipakai seperti itu", "Buka lagi tautan yang Anda terima."),
        "en": ("This page cannot be used in this way", "Open the link that you received again."),
    },
    408: {
        "id": ("Pengiriman terlalu lama", "Sambungan terputus atau terlalu lambat. Silakan coba lagi."),
        "en": ("Sending took too long", "The connection broke or is too slow. Please try again."),
    },
    409: {
        "id": ("Keadaannya sudah berubah", "Muat ulang halaman sebelumnya untuk melihat keadaan sekarang."),
        "en": ("Things have changed", "Load the page before this one again to see how they are now."),
    },
    410: {
        "id": (
            "Tautan ini tidak berlaku lagi",
            "Tautan ini sudah kedaluwarsa, dicabut, atau selesai dipakai. Mintalah tautan baru kepada pemberinya.",
        ),
        "en": (
            "This link has ended",
            "It has expired, was revoked or has been used. Ask whoever gave it to you for a new one.",
        ),
    },
    413: {
        "id": ("Isian terlalu besar", "Kirimkan lebih sedikit, lalu coba lagi."),
        "en": ("Too large", "Send less, and try again."),
    },
    429: {
        "id": ("Terlalu banyak permintaan", "Silakan tunggu sebentar, lalu coba lagi."),
        "en": ("Too many requests", "Please wait a while, and try again."),
    },
    500: {
        "id": (
            "Terjadi gangguan",
            "Kesalahannya ada pada sistem, bukan pada Anda. Bila terulang, sampaikan kode ini kepada pengelola sistem.",
        ),
        "en": (
            "Something went wrong",
            "The fault is the system's, not yours. If it happens again, tell the operator this code.",
        ),
    },
    503: {
        "id": ("Sistem sedang sibuk", "Silakan muat ulang halaman ini beberapa saat lagi."),
        "en": ("The system is busy", "Please load this page again in a while."),
    },
}
MESSAGES[422] = MESSAGES[400]
_NO_PAGE = {
    "id": ("Halaman tidak ditemukan", "Tidak ada halaman di alamat ini. Periksa kembali alamatnya."),
    "en": ("Page not found", "There is no page at this address. Check the address."),
}
"""404 at an address that no link has."""
_FRONT = {"id": "Halaman depan", "en": "Front page"}
_CODE_NAME = {"id": "Kode permintaan", "en": "Request code"}

_template = page_templates(Path(__file__).resolve().parents[1] / "templates").get_template("error.html")


def answers_with_pages(path: str, accept: str) -> bool:
    """Whether an error is a page: on pages behind links, and elsewhere if the request accepts HTML and not JSON."""
    return _is_behind_link(path) or wants_page(accept)


def _is_behind_link(path: str) -> bool:
    return any(path == page or path.startswith(f"{page}/") for page in PAGE_PATHS)


def wants_page(accept: str) -> bool:
    """Whether a browser asks for a page; a client that names JSON gets JSON."""
    types = accept.lower()
    return "text/html" in types and "json" not in types


def _is_api(path: str) -> bool:
    """Whether programs are the usual callers: their error pages are written for developers."""
    return path.strip("/").partition("/")[0] in API_SEGMENTS and not path.startswith("/notices/inbox/")


def language_of(accept_language: str) -> str:
    """The reader's preferred language among ours (RFC 9110, 12.5.4); Indonesian if none is stated."""
    best, weight = LANGUAGES[0], 0.0
    for part in accept_language.split(","):
        tag, _, parameter = part.partition(";")
        name, _, number = parameter.strip().partition("=")
        try:
            wish = float(number) if name == "q" else 1.0
        except ValueError:
            continue
        language = tag.strip().partition("-")[0].lower()
        if language in LANGUAGES and wish > weight:
            best, weight = language, wish
    return best


class PageErrors:
    """The outermost middleware of a service, so that no other part has to distinguish callers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope) if scope["type"] == "http" else None
        if asked is None or not answers_with_pages(scope["path"], asked.get("accept", "")):
            await self._app(scope, receive, send)
            return
        refused: Message | None = None
        document = b""

        async def turn(message: Message) -> None:
            nonlocal refused, document
            if message["type"] == "http.response.start":
                kind = Headers(raw=message["headers"]).get("content-type", "")
                refused = message if kind.startswith(PROBLEM_TYPE) else None
            if refused is None:
                await send(message)
            elif message["type"] == "http.response.body":
                document += message["body"]
                if not message.get("more_body", False):
                    await page(refused)(scope, receive, send)

        def page(start: Message) -> ASGIApp:
            headers = Headers(raw=start["headers"])
            if _is_api(scope["path"]):
                return _developers_page(scope["path"], json.loads(document), headers)
            return _page(scope["path"], start["status"], headers, language_of(asked.get("accept-language", "")))

        await self._app(scope, receive, turn)


def _page(path: str, status: int, headers: Headers, language: str) -> ASGIApp:
    words = MESSAGES.get(status) or MESSAGES[500 if status >= HTTPStatus.INTERNAL_SERVER_ERROR else 400]
    if status == HTTPStatus.NOT_FOUND and not _is_behind_link(path):
        words = _NO_PAGE
    title, text = words[language]
    code = headers.get("x-request-id") if status >= HTTPStatus.INTERNAL_SERVER_ERROR else None
    page = html_page(
        _template.render(
            language=language, title=title, text=text, code=code, code_name=_CODE_NAME[language], front=_FRONT[language]
        ),
        status,
    )
    return _with_headers(page, headers, language)


def _developers_page(path: str, document: dict[str, Any], headers: Headers) -> ASGIApp:
    status = document["status"]
    page = developer_page(
        "refused.html",
        title=document["title"],
        here=API_PAGES.get(path.strip("/").partition("/")[0], ""),
        status=status,
        detail=document["detail"],
        errors=document.get("errors", []),
        type=document["type"],
        code=headers.get("x-request-id") if status >= HTTPStatus.INTERNAL_SERVER_ERROR else None,
    )
    return _with_headers(page, headers, "en")


def _with_headers(page: HTMLResponse, headers: Headers, language: str) -> HTMLResponse:
    page.headers.update({name: headers[name] for name in _KEPT_HEADERS if name in headers})
    page.headers["Content-Language"], page.headers["Vary"] = language, "Accept, Accept-Language"
    return page
