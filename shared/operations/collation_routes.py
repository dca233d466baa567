"""The operator's route that shows what defines the order of text in the service's database."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import ConfigDict

from shared.access.auth import Principal, requires
from shared.db.collations import text_order
from shared.openapi.models import Answer
from shared.service.app import context_of
from shared.service.context import Context

__all__ = ["add_collation_routes"]

ContextDep = Annotated[Context, Depends(context_of)]
OperatorDep = Annotated[Principal, requires()]


class CollationChangeItem(Answer):
    """A collation whose library has changed since the indexes were built."""

    model_config = ConfigDict(from_attributes=True)

    collation: str
    """`default` for the database's own, else schema and name."""
    recorded: str
    """The version for which the indexes were built."""
    actual: str | None
    """The installed version; null when the library states none."""


class TextOrderAnswer(Answer):
    """What defines the order of text in the service's database."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={"examples": [{"provider": "builtin", "depends_on_library": False, "changes": []}]},
    )

    provider: Literal["builtin", "icu", "libc"]
    """The part of Postgres that compares text: its own code, or a library of the image."""
    depends_on_library: bool
    """Whether another version of a library can change the order, so that indexes must be rebuilt."""
    changes: list[CollationChangeItem]
    """Collations whose indexes must be rebuilt: `kinerja migrate` does it."""


def add_collation_routes(router: APIRouter) -> None:
    """Below the router's prefix."""

    @router.get("/v1/text-order", tags=["operations"])
    async def show_text_order(context: ContextDep, _: OperatorDep) -> TextOrderAnswer:
        """What defines the order of text in the database, and whether it has changed since the indexes were built."""
        return TextOrderAnswer.model_validate(await context.transact(text_order))
