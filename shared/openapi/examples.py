"""Examples of bodies, composed from the examples of their schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.openapi.texts import EXAMPLES

__all__ = ["Composer"]


class Composer:
    """Finds or composes the example of a schema. A missing example is an error, which a test finds."""

    def __init__(self, schemas: Mapping[str, Any], examples: Mapping[str, Any]) -> None:
        self._schemas = schemas
        self._examples = examples

    def of_media(self, operation_id: str, place: str, media_type: str, media: Mapping[str, Any]) -> Any:
        """The example of a body: of this operation (`name.request`, `name.answer`), else of its schema.

        Raises KeyError if there is none.
        """
        own = f"{operation_id}.{place}"
        if own in self._examples:
            return self._examples[own]
        if media_type != "application/json":
            raise KeyError(f"{own}: no example of {media_type}")
        return self._of(media["schema"], own)

    def of_parameter(self, parameter: Mapping[str, Any]) -> Any:
        """The example of a parameter: its own, the one for its name, or its first value. Raises KeyError."""
        schema = parameter["schema"]
        if "examples" in schema:
            return schema["examples"][0]
        if parameter["name"] in EXAMPLES:
            return EXAMPLES[parameter["name"]]
        return self._of(schema, f"parameter {parameter['name']}")

    def _of(self, schema: Mapping[str, Any], where: str) -> Any:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return self._examples[name] if name in self._examples else self._of(self._schemas[name], name)
        if "examples" in schema:
            return schema["examples"][0]
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return self._of(schema[several][0], where)
        if schema.get("type") == "array":
            return [self._of(schema["items"], where)]
        if "properties" in schema:
            return {
                name: EXAMPLES[name] if name in EXAMPLES else self._of(field, f"{where}.{name}")
                for name, field in schema["properties"].items()
            }
        raise KeyError(f"{where}: no example")
