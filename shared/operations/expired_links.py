"""Deletes the links whose time is over."""

from __future__ import annotations

from shared.service.context import Context

__all__ = ["ExpiredLinks"]


class ExpiredLinks:
    """Deletes expired links to an officer's pages."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def round(self) -> bool:
        """Deletes them once."""
        async with self._context.database.transaction() as session:
            await self._context.links.forget(session)
        return False
