"""The HTTP side of every service: limits, request ids, metrics, problems, health; FastAPI with offline API pages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from swagger_ui_bundle import swagger_ui_path

from shared.context import Context
from shared.logs import logger
from shared.page_errors import PageErrors
from shared.problems import PROBLEM_RESPONSES, install_problem_handlers, problem
from shared.tracing import begin_trace

__all__ = ["BODY_BYTES_MAX", "make_app"]

log = logger(__name__)

BODY_BYTES_MAX = 1_048_576 - 1
BODY_SECONDS_MAX = 30.0

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def make_app(
    context: Context,
    *,
    prefix: str,
    title: str,
    routers: Sequence[APIRouter],
    lifespan: Lifespan,
    body_bytes_max: Callable[[str], int] = lambda _: BODY_BYTES_MAX,
) -> FastAPI:
    """A service's app under `/<prefix>`; `body_bytes_max` gives the limit for a path."""
    app = FastAPI(
        title=title,
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=f"/{prefix}/openapi.json",
        lifespan=lifespan,
        responses=PROBLEM_RESPONSES,
    )
    app.state.context = context
    install_problem_handlers(app)
    for router in routers:
        app.include_router(router)
    app.mount(f"/{prefix}/assets", StaticFiles(directory=swagger_ui_path), name="assets")
    _add_docs(app, prefix, title)
    app.add_middleware(_BodyLimit, bytes_max=body_bytes_max)
    app.add_middleware(_Observed, context=context)
    app.add_middleware(PageErrors)
    return app


def _add_docs(app: FastAPI, prefix: str, title: str) -> None:
    assets = f"/{prefix}/assets"

    @app.get(f"/{prefix}/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url=f"/{prefix}/openapi.json",
            title=title,
            swagger_js_url=f"{assets}/swagger-ui-bundle.js",
            swagger_css_url=f"{assets}/swagger-ui.css",
            swagger_favicon_url=f"{assets}/favicon-32x32.png",
        )


class _BodyLimit:
    """Refuses bodies over the limit (413) and bodies that arrive too slowly (408), before anything is parsed."""

    def __init__(self, app: ASGIApp, bytes_max: Callable[[str], int]) -> None:
        self._app = app
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        most = self._bytes_max(scope["path"])
        length = Headers(scope=scope).get("content-length", "0")
        chunks: list[bytes] = []
        size = int(length) if length.isdigit() else most + 1
        if size <= most:
            size = 0
            try:
                async with asyncio.timeout(BODY_SECONDS_MAX):
                    async for chunk in _chunks(receive):
                        size += len(chunk)
                        if size > most:
                            break
                        chunks.append(chunk)
            except TimeoutError:
                answer = problem(408, "Request Timeout", f"Send the body within {BODY_SECONDS_MAX:.0f} s.")
                await answer(scope, receive, send)
                return
        if size > most:
            answer = problem(413, "Content Too Large", f"The body may have {most} bytes at the most: split it.")
            await answer(scope, receive, send)
            return
        body = b"".join(chunks)
        given = False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, send)


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        yield message.get("body", b"")
        more = message.get("more_body", False)


class _Observed:
    """Request id, trace, metrics by route template; an unexpected exception is logged and answered as a problem."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app = app
        self._metrics = context.metrics
        self._service = context.service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace = begin_trace(Headers(scope=scope).get("traceparent"))
        structlog.contextvars.bind_contextvars(request_id=trace, service=self._service)
        started = time.perf_counter()
        status = 500

        async def observe(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", trace.encode())]
            await send(message)

        try:
            await self._app(scope, receive, observe)
        except Exception:
            log.exception("request_failed", route=_route(scope))
            await problem(500, "Internal error", f"The fault was logged under the request id {trace}.")(
                scope, receive, observe
            )
        finally:
            route = _route(scope)
            self._metrics.http_requests.labels(route, scope["method"], str(status)).inc()
            self._metrics.http_seconds.labels(route).observe(time.perf_counter() - started)
            structlog.contextvars.unbind_contextvars("request_id", "service")


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "(none)"))


def context_of(request: Request) -> Context:
    """The service's context, as a dependency."""
    context: Context = request.app.state.context
    return context
