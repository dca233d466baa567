"""Base classes of what the APIs take and give: the sentence below a field is its description in the OpenAPI document."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Answer", "Input"]


class Answer(BaseModel):
    """An object of an answer."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Input(Answer):
    """A request's body: a field that is not known is a mistake to be told of."""

    model_config = ConfigDict(extra="forbid")
