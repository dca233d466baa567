"""Which service answers which path. Apart from the gateway, so that whoever needs the names alone loads no web framework."""

from __future__ import annotations

__all__ = ["PREFIXES", "ROUTES", "service_of"]

ROUTES: tuple[tuple[str, str], ...] = (
    ("/iclock", "attendance"),
    ("/attendance", "attendance"),
    ("/f", "feedback"),
    ("/feedback", "feedback"),
    ("/notices", "notifications"),
)
"""First path segment → service; everything else is scoring's."""

PREFIXES = {"attendance": "attendance", "feedback": "feedback", "scoring": "scores", "notifications": "notices"}
"""Where each service's own routes begin."""


def service_of(path: str) -> str:
    """The service that answers a path."""
    for prefix, service in ROUTES:
        if path == prefix or path.startswith(f"{prefix}/"):
            return service
    return "scoring"
