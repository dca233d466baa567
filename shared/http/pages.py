"""HTML pages: no external resources, only their own scripts, no traces in caches or referrers."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape

__all__ = ["html_page", "page_templates"]

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_SCRIPT_FILES = re.compile(r"<script src=")


def page_templates(folder: Path) -> Environment:
    """The templates of a service's pages; their values are escaped."""
    return Environment(
        loader=FileSystemLoader(folder), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
    )


def html_page(markup: str, status: int = 200) -> HTMLResponse:
    """A page with its own inline styles and scripts only (Content-Security-Policy by hash).

    If it loads a script file, files of this host are allowed too: styles, images and the script's API requests.
    """
    own = "'self' " if _SCRIPT_FILES.search(markup) else ""
    policy = ["default-src 'none'", f"style-src {own}{_hashes(_STYLE, markup)}"]
    if own:
        policy += [f"script-src {own}{_hashes(_SCRIPT, markup)}", "img-src 'self' data:", "connect-src 'self'"]
    policy += ["form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"]
    return HTMLResponse(
        markup,
        status_code=status,
        headers={
            "Content-Security-Policy": "; ".join(policy),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


def _hashes(inline: re.Pattern[str], markup: str) -> str:
    return " ".join(f"'sha256-{_digest(content)}'" for content in inline.findall(markup)) or "'none'"


def _digest(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
