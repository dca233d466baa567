"""Tables that several services have, as their first migrations create them.

Migrations that were applied do not change: a later change of these tables is a new statement for new migrations.
"""

from __future__ import annotations

from collections.abc import Iterable

from alembic import op

__all__ = ["API_KEY", "LINK", "OUTBOX", "PARKED_RECORD", "UNIT_LIMIT", "create"]

# Rows live for milliseconds: without frequent vacuum, dead rows slow every read.
OUTBOX = (
    """
    create table outbox (
        id bigserial primary key,
        lane smallint not null,
        topic varchar not null,
        key bytea not null,
        event_id uuid not null,
        headers bytea not null,
        value bytea not null,
        created_at timestamptz not null,
        attempts int not null default 0,
        held_since timestamptz,
        next_attempt_at timestamptz,
        holds varchar,
        error varchar
    ) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)
    """,
    "create index outbox_held on outbox (topic, key, id) where next_attempt_at is not null",
    "create index outbox_lane on outbox (lane, id)",
    """
    create table outbox_dropped (
        event_id uuid primary key,
        topic varchar not null,
        key bytea not null,
        headers bytea not null,
        value bytea not null,
        created_at timestamptz not null,
        attempts int not null,
        error varchar,
        dropped_at timestamptz not null,
        dropped_by varchar not null,
        reason varchar not null
    )
    """,
    # `waits_until`: before this time the relay does not publish the row, because it or a row before it was refused: one of
    # its key, or one that holds its topic; null for a row that waits for nothing. The only rule of the order.
    """
    create view outbox_wait_v1 as
    select o.*, greatest(held_topic.until, (
               select max(h.next_attempt_at) from outbox h
               where h.next_attempt_at is not null and h.topic = o.topic and h.key = o.key and h.id <= o.id)) as waits_until
    from outbox o
    left join (select topic, max(next_attempt_at) as until from outbox
               where next_attempt_at is not null and holds = 'topic' group by topic) held_topic using (topic)
    """,
)
PARKED_RECORD = (
    """
    create table parked_record (
        topic varchar not null,
        partition int not null,
        position bigint not null,
        generation int not null default 0,
        key bytea,
        value bytea,
        headers bytea not null,
        reason varchar not null,
        detail varchar not null,
        parked_at timestamptz not null,
        released_at timestamptz,
        dismissed_at timestamptz,
        dismissed_by varchar,
        dismissed_reason varchar,
        primary key (topic, partition, position, generation)
    )
    """,
)
API_KEY = (
    """
    create table api_key (
        id uuid primary key,
        name varchar(100) not null,
        scopes varchar[] not null,
        employee_id uuid,
        org_unit_ids varchar[],
        machines varchar[],
        secret_sha256 bytea not null,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        last_used_at timestamptz,
        revoked_at timestamptz,
        replaced_by uuid
    )
    """,
)
LINK = (
    """
    create table link (
        id uuid primary key,
        employee_id uuid not null,
        source varchar not null,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        last_used_at timestamptz,
        revoked_at timestamptz
    )
    """,
    "create index ix_link_employee_id on link (employee_id)",
)
# Whether a key may read a unit, like `Principal.reaches_unit`; without `units` it may read all.
UNIT_LIMIT = (
    """
    create function reaches_unit_v1(units text[], org_unit_id text) returns boolean language sql immutable
    return units is null or org_unit_id = any(units)
    """,
)


def create(*subjects: Iterable[str]) -> None:
    """Executes the statements of these subjects in turn."""
    for statements in subjects:
        for statement in statements:
            op.execute(statement)
