"""The words of a notice: the matter, the evidence, one next step, who helps; never the person's worth, never a rank."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

__all__ = ["INDICATOR_NAMES", "render"]

INDICATOR_NAMES = {
    "": "nilai semester",
    "attendance": "kehadiran",
    "work_quality": "kualitas pekerjaan",
    "public_communication": "komunikasi dengan masyarakat",
}

# Plain text for mails and inbox: escaping is the page's business.
_templates = Environment(  # noqa: S701
    loader=FileSystemLoader(Path(__file__).resolve().parent / "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["koma"] = lambda number: str(number).replace(".", ",")


def render(kind: str, *, indicator: str, evidence: Mapping[str, Any], **values: Any) -> tuple[str, str]:
    """(subject, body) in formal Indonesian."""
    words = _templates.get_template(f"{kind}.txt").render(
        indicator=INDICATOR_NAMES[indicator], evidence=evidence, **values
    )
    subject, _, body = words.partition("\n")
    return subject.strip(), body.strip() + "\n"
