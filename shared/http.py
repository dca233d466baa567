"""The HTTP side of every service: bounds, request ids, metrics, problems, health; FastAPI with offline API pages."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from swagger_ui_bundle import swagger_ui_path

from shared.bodies import BODY_BYTES_MAX, SMALL_BYTES, Allowance, Allowed, Bodies
from shared.context import Context
from shared.forwarded import RealClient
from shared.head_requests import HeadRequests
from shared.logs import logger
from shared.page_errors import PageErrors
from shared.problems import PROBLEM_RESPONSES, install_problem_handlers, problem
from shared.rates import Rates
from shared.tracing import begin_trace

__all__ = ["context_of", "keyed_allowance", "make_app"]

log = logger(__name__)

CUT_OFF = 499
"""What the metrics call a request whose client left before its body was whole; there is no answer to it."""

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def make_app(
    context: Context,
    *,
    prefix: str,
    title: str,
    routers: Sequence[APIRouter],
    lifespan: Lifespan,
    allowance: Allowance | None = None,
) -> FastAPI:
    """A service's app under `/<prefix>`; `allowance` says what a request's body may cost."""
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
    app.add_middleware(Bodies, allowance=allowance or keyed_allowance(context))
    app.add_middleware(Rates, settings=context.settings)
    app.add_middleware(_Observed, context=context)
    app.add_middleware(PageErrors)
    settings = context.settings
    app.add_middleware(RealClient, behind_gateway=settings.behind_gateway, proxies=settings.proxy_networks)
    app.add_middleware(HeadRequests)
    return app


def keyed_allowance(context: Context) -> Allowance:
    """A large body needs a key that is known: JSON is read before any handler could ask for it."""

    async def allowance(scope: Scope) -> Allowed:
        kind, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        known = kind.lower() == "bearer" and await context.authenticator.principal(token.strip(), context.transact)
        return Allowed(BODY_BYTES_MAX if known else SMALL_BYTES)

    return allowance


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
        status = CUT_OFF

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
