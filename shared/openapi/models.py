"""Base classes of request and response models: the sentence below a field is its description in the OpenAPI document."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Answer", "Input"]


class Answer(BaseModel):
    """An object in a response."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Input(Answer):
    """A request's body: an unknown field is refused."""

    model_config = ConfigDict(extra="forbid")
