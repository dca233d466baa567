"""The OpenAPI description of a body that is an office's file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.office_files.columns import Column
from shared.office_files.reader import CSV_TYPE, XLSX_TYPE

__all__ = ["office_file_body"]


def office_file_body(columns: Sequence[Column]) -> dict[str, Any]:
    """The request body of an operation that accepts such a file, with a sample of it."""
    used = [column for column in columns if column.required or any(column.samples)]
    rows = [[column.name for column in used], *([column.samples[n] for column in used] for n in (0, 1))]
    sample = "".join(";".join(row) + "\n" for row in rows)
    content = {
        CSV_TYPE: {
            "schema": {"type": "string", "description": "Comma, semicolon or tab; a header."},
            "example": sample,
        },
        XLSX_TYPE: {
            "schema": {"type": "string", "format": "binary", "description": "One visible sheet with the table."}
        },
    }
    return {"requestBody": {"required": True, "content": content}}
