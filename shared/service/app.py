"""The HTTP side of every service: limits, request ids, metrics, problems, health; FastAPI with offline API pages."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import TypeVar

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request
from opentelemetry.trace import StatusCode
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors.problem_types import INTERNAL_ERROR
from shared.http.bodies import BODY_BYTES_MAX, SMALL_BYTES, Allowance, Allowed, Bodies
from shared.http.forwarded import RealClient
from shared.http.head_requests import HeadRequests
from shared.http.problems import install_problem_handlers, problem
from shared.http.rates import Rates
from shared.http.wrong_requests import refuse_unknown_parameters
from shared.observability.logs import logger
from shared.observability.tracing import Span, SpanKind, continued, current_trace_id
from shared.openapi.document import ApiTexts, describe, operation_id
from shared.service.context import Context
from shared.service.developer_pages import add_api_page, problems_router
from shared.service.page_errors import PageErrors

__all__ = ["ServiceApp", "context_of", "keyed_allowance", "make_app", "part_of"]

log = logger(__name__)

CUT_OFF = 499
"""The status in metrics of a request whose client disconnected before its body was whole; it gets no response."""

P = TypeVar("P")

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class ServiceApp(FastAPI):
    """The app of one service with the parts that its composition root made."""

    context: Context
    parts: Sequence[object]

    def part(self, kind: type[P]) -> P:
        """The part of this type. Raises LookupError if the composition root made none."""
        for part in self.parts:
            if isinstance(part, kind):
                return part
        raise LookupError(f"the service {self.context.service} has no {kind.__name__}: add it to the parts of its app")


def part_of(kind: type[P]) -> Callable[[Request], P]:
    """A dependency that gives a route the service's part of this type."""

    def find(request: Request) -> P:
        app: ServiceApp = request.app
        return app.part(kind)

    return find


def make_app(
    context: Context,
    *,
    prefix: str,
    title: str,
    texts: ApiTexts,
    routers: Sequence[APIRouter],
    parts: Sequence[object],
    lifespan: Lifespan,
    allowance: Allowance | None = None,
) -> ServiceApp:
    """A service's app under `/<prefix>`; `parts` are what its routes and tests use of it.

    `texts` complete its OpenAPI document, `allowance` limits the size of bodies.
    """
    app = ServiceApp(
        title=title,
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=f"/{prefix}/openapi.json",
        generate_unique_id_function=operation_id,
        lifespan=lifespan,
        # Its spans have the path, with the links' tokens.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.context = context
    app.parts = (context, *parts)
    install_problem_handlers(app)
    for router in routers:
        checks = [Depends(refuse_unknown_parameters)] if router.include_in_schema else []
        app.include_router(router, dependencies=checks)
    app.include_router(problems_router())
    add_api_page(app, prefix)
    describe(app, texts)
    app.add_middleware(Bodies, allowance=allowance or keyed_allowance(context))
    app.add_middleware(Rates, settings=context.settings)
    app.add_middleware(_Observed, context=context)
    app.add_middleware(PageErrors)
    settings = context.settings
    app.add_middleware(RealClient, behind_gateway=settings.behind_gateway, proxies=settings.proxy_networks)
    app.add_middleware(HeadRequests)
    return app


def keyed_allowance(context: Context) -> Allowance:
    """A large body needs a valid key, checked here because JSON is parsed before a handler could check it."""

    async def allowance(scope: Scope) -> Allowed:
        kind, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        known = kind.lower() == "bearer" and await context.authenticator.principal(token.strip(), context.transact)
        return Allowed(BODY_BYTES_MAX if known else SMALL_BYTES)

    return allowance


class _Observed:
    """Request id, trace, metrics by route template; an unexpected exception is logged and returned as a problem."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app = app
        self._metrics = context.metrics
        self._service = context.service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = Headers(scope=scope).get("traceparent")
        with continued(scope["method"], () if received is None else (received,), kind=SpanKind.SERVER) as span:
            await self._observed(scope, receive, send, span)

    async def _observed(self, scope: Scope, receive: Receive, send: Send, span: Span) -> None:
        trace = current_trace_id() or ""
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
            answer = problem(INTERNAL_ERROR, f"The fault was logged under the request id {trace}.")
            await answer(scope, receive, observe)
        finally:
            route = _route(scope)
            self._metrics.http_requests.labels(route, scope["method"], str(status)).inc()
            self._metrics.http_seconds.labels(route).observe(time.perf_counter() - started)
            structlog.contextvars.unbind_contextvars("request_id", "service")
            if span.is_recording():
                _describe(span, scope["method"], route, status)


def _describe(span: Span, method: str, route: str, status: int) -> None:
    """By OpenTelemetry's names for HTTP servers. The route is a template: a path may contain a token."""
    span.update_name(f"{method} {route}")
    span.set_attribute("http.request.method", method)
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        span.set_status(StatusCode.ERROR)


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "(none)"))


def context_of(request: Request) -> Context:
    """The service's context, as a dependency."""
    app: ServiceApp = request.app
    return app.context
