"""The order of text in a database: what defines it, whether it has changed, and how indexes are rebuilt for it.

An index keeps text in the order of a collation. Postgres records the collation's version when the database is created. A
library of another version may order text differently: existing indexes then miss rows, and a unique index lets
duplicates in.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["RUNBOOK", "CollationChange", "CollationError", "TextOrder", "rebuild_text_indexes", "text_order"]

RUNBOOK = "docs/runbooks/collation.md"
DATABASE = "default"
"""The name of the collation that a column has when it names none: the database's own."""

# `builtin` sorts by code point, whatever library is installed. So does a collation without a version (libc's C).
_DATABASE = text(
    """
    select case datlocprovider when 'b' then 'builtin' when 'i' then 'icu' else 'libc' end as provider,
           datlocprovider <> 'b' and (datcollversion is not null or pg_database_collation_actual_version(oid) is not null)
             as depends_on_library
    from pg_database where datname = current_database()
    """
)
# Postgres warns under the same condition: a version was recorded, and the library now has another one, or states none.
_CHANGES = text(
    f"""
    select '{DATABASE}' as collation, datcollversion as recorded, pg_database_collation_actual_version(oid) as actual
    from pg_database
    where datname = current_database() and datcollversion is not null
      and pg_database_collation_actual_version(oid) is distinct from datcollversion
    union all
    select format('%I.%I', n.nspname, c.collname), c.collversion, pg_collation_actual_version(c.oid)
    from pg_collation c join pg_namespace n on n.oid = c.collnamespace
    where c.collversion is not null and exists (select from pg_index i where c.oid = any(i.indcollation))
      and pg_collation_actual_version(c.oid) is distinct from c.collversion
    order by 1
    """
)
# Every index that compares text: by its columns, or perhaps in an expression or a condition. System catalogs sort by "C".
_TEXT_INDEXES = text(
    """
    select i.indexrelid::regclass::text
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%' and c.relkind = 'i'
      and (exists (select from unnest(i.indcollation::oid[]) as used where used <> 0)
           or i.indexprs is not null or i.indpred is not null)
    order by i.indrelid, i.indexrelid
    """
)
_OWN_NAME = text("select quote_ident(current_database())")


class CollationError(Exception):
    """The order of text has changed and indexes cannot be rebuilt here; the message says what to do."""


@dataclass(frozen=True, slots=True)
class CollationChange:
    """A collation that indexes of this database use, and whose version differs from the recorded one."""

    collation: str
    """`default` for the database's own, else schema and name."""
    recorded: str
    actual: str | None
    """None: the installed library states no version."""

    def __str__(self) -> str:
        return f"collation {self.collation}: version {self.recorded} is recorded, {self.actual or 'none'} is installed"


@dataclass(frozen=True, slots=True)
class TextOrder:
    """What defines the order of text in a database."""

    provider: str
    """`builtin`, `icu` or `libc`."""
    depends_on_library: bool
    """Whether a new version of a library can change the order."""
    changes: list[CollationChange]


async def text_order(session: AsyncSession) -> TextOrder:
    """The order of text in the session's database. Every role may read it."""
    database = (await session.execute(_DATABASE)).one()
    changes = [CollationChange(**row) for row in (await session.execute(_CHANGES)).mappings()]
    return TextOrder(database.provider, database.depends_on_library, changes)


def rebuild_text_indexes(connection: Connection) -> list[CollationChange]:
    """If a collation has changed: rebuilds every index that compares text, records the new version, returns the changes.

    All of it is part of the connection's transaction, so an interrupted run is repeated whole. Only the owner of the
    database can do it. Raises CollationError, and SQLAlchemyError where an index cannot be built or its table is locked.
    """
    changes = [CollationChange(**row) for row in connection.execute(_CHANGES).mappings()]
    for change in changes:
        if change.actual is None:
            raise CollationError(f"{change}: start the previous Postgres image again, see {RUNBOOK}")
    if changes:
        for name in connection.execute(_TEXT_INDEXES).scalars().all():
            connection.execute(text(f"reindex index {name}"))
    for change in changes:
        if change.collation == DATABASE:
            own = connection.execute(_OWN_NAME).scalar_one()
            connection.execute(text(f"alter database {own} refresh collation version"))
        else:
            connection.execute(text(f"alter collation {change.collation} refresh version"))
    return changes
