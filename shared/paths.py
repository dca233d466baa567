"""The first path segments of the one URL space: where each service's API begins, and where its page is."""

from __future__ import annotations

__all__ = ["API_PAGES", "EVENTS_PAGE", "PREFIXES"]

PREFIXES = {"attendance": "attendance", "feedback": "feedback", "scoring": "scores", "notifications": "notices"}
"""Service → where its own routes begin."""

API_PAGES = {prefix: f"/{prefix}/docs" for prefix in PREFIXES.values()}
"""Prefix → the page that describes its API."""

EVENTS_PAGE = "/scores/asyncapi"
"""The contract of the events: a page for browsers, JSON for programs."""
