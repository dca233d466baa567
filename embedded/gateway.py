"""All services (see shared/settings/url_space.py) behind one port, for `make up` and tests; the stack has Caddy instead."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors.problem_types import NO_SUCH_ADDRESS
from shared.http.problems import problem
from shared.service.page_errors import PageErrors
from shared.settings.url_space import service_of

__all__ = ["make_gateway"]


def make_gateway(apps: Mapping[str, FastAPI]) -> Starlette:
    """All services behind one port in one process. Metrics are not public: they are for the operator's network only."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for app in apps.values():
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield

    gateway = Starlette(lifespan=lifespan)
    gateway.add_middleware(_Dispatch, apps=apps)
    return gateway


_NO_METRICS = problem(
    NO_SUCH_ADDRESS, "Metrics are not served on the public port. Read them at the service's own port."
)


class _Dispatch:
    def __init__(self, app: ASGIApp, apps: Mapping[str, FastAPI]) -> None:
        self._app = app
        self._apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"].endswith("/metrics"):
            await PageErrors(_NO_METRICS)(scope, receive, send)
        else:
            await self._apps[service_of(scope["path"])](scope, receive, send)
