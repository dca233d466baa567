"""The URL space: which service answers which path, and where its pages are. It imports no web framework."""

from __future__ import annotations

import re

__all__ = ["API_PAGES", "EVENTS_PAGE", "PREFIXES", "ROUTES", "masked_login", "service_of"]

ROUTES: tuple[tuple[str, str], ...] = (
    ("/iclock", "attendance"),
    ("/attendance", "attendance"),
    ("/f", "feedback"),
    ("/feedback", "feedback"),
    ("/notices", "notifications"),
)
"""First path segment → service; all other paths belong to scoring."""

PREFIXES = {"attendance": "attendance", "feedback": "feedback", "scoring": "scores", "notifications": "notices"}
"""Service → prefix of its own routes."""

API_PAGES = {prefix: f"/{prefix}/docs" for prefix in PREFIXES.values()}
"""Prefix → the page that describes its API."""

EVENTS_PAGE = "/scores/asyncapi"
"""The contract of the events: a page for browsers, JSON for programs."""


_LOGIN = re.compile(r"^(\w+://)?.*@", re.DOTALL)


def masked_login(address: str) -> str:
    """The address with *** for what stands before an @: it may be a user name and password."""
    return _LOGIN.sub(r"\1***@", address)


def service_of(path: str) -> str:
    """The service that answers a path."""
    for prefix, service in ROUTES:
        if path == prefix or path.startswith(f"{prefix}/"):
            return service
    return "scoring"
