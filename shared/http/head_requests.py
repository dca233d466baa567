"""HEAD for every GET, and an Allow header with every method of the address (RFC 9110, 9.3.2 and 10.2.1).

HEAD stores nothing: `Context.transact` rolls its transaction back. Mail scanners check links with it, and that is no visit
of the officer.
"""

from __future__ import annotations

from contextvars import ContextVar

from fastapi.routing import iter_route_contexts
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HeadRequests", "allowed_methods", "answering_head", "serves_head"]

answering_head: ContextVar[bool] = ContextVar("answering_head", default=False)
"""Whether the current request is a HEAD."""

_MACHINES = "/iclock"
"""A machine's GET has effects: a poll is stored and fetches the waiting commands. HEAD must not have them, and gets 405."""


def serves_head(path: str) -> bool:
    """Whether HEAD is answered like GET."""
    return path != _MACHINES and not path.startswith(f"{_MACHINES}/")


def allowed_methods(scope: Scope) -> list[str]:
    """The methods that the routes of the request's app have at its path, in alphabetical order; empty for an unknown path."""
    found: set[str] = set()
    for route in iter_route_contexts(scope["app"].router.routes):
        if route.methods and route.path_regex.match(scope["path"]):
            found |= route.methods
    if "GET" in found and serves_head(scope["path"]):
        found.add("HEAD")
    return sorted(found)


class HeadRequests:
    """The outermost middleware: inside it, HEAD is GET, in metrics too; the response is sent without its body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_head = scope["method"] == "HEAD" and serves_head(scope["path"])

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 405:
                if methods := allowed_methods(scope):
                    MutableHeaders(scope=message)["allow"] = ", ".join(methods)
            elif message["type"] == "http.response.body" and is_head:
                message = {**message, "body": b""}
            await send(message)

        token = answering_head.set(is_head)
        try:
            await self._app({**scope, "method": "GET"} if is_head else scope, receive, answer)
        finally:
            answering_head.reset(token)
