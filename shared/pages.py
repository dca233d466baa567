"""HTML pages: nothing from elsewhere, no scripts, no traces in caches or referrers."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape

__all__ = ["html_page", "page_templates"]

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def page_templates(folder: Path) -> Environment:
    """The templates of a service's pages; what they are given is escaped."""
    return Environment(
        loader=FileSystemLoader(folder), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
    )


def html_page(markup: str, status: int = 200) -> HTMLResponse:
    """A page whose only style is its own inline one, and which runs nothing (Content-Security-Policy by hash)."""
    hashes = " ".join(f"'sha256-{_digest(style)}'" for style in _STYLE.findall(markup)) or "'none'"
    return HTMLResponse(
        markup,
        status_code=status,
        headers={
            "Content-Security-Policy": (
                f"default-src 'none'; style-src {hashes}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            ),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


def _digest(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
