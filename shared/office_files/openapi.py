"""The OpenAPI description of a body that is an office's file."""

from __future__ import annotations

from typing import Any

from shared.office_files.reader import CSV_TYPE, XLSX_TYPE

__all__ = ["office_file_body"]


def office_file_body() -> dict[str, Any]:
    """The request body of an operation that accepts such a file."""
    content = {
        CSV_TYPE: {"schema": {"type": "string", "description": "Comma, semicolon or tab; a header."}},
        XLSX_TYPE: {
            "schema": {"type": "string", "format": "binary", "description": "One visible sheet with the table."}
        },
    }
    return {"requestBody": {"required": True, "content": content}}
