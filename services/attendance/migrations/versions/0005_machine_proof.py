"""Adds proofs of machines, refused contacts, unguessable command ids, quotas and signals."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    ALTER TABLE machine
        ADD COLUMN networks VARCHAR[] NOT NULL DEFAULT '{}',
        ADD COLUMN pinned_address VARCHAR,
        ADD COLUMN host_label_sha256 BYTEA,
        ADD COLUMN comm_key_sha256 BYTEA,
        ADD COLUMN secret_pending BOOLEAN NOT NULL DEFAULT false,
        ADD COLUMN told_records BIGINT,
        ADD COLUMN told_records_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN journal_day DATE,
        ADD COLUMN journal_bytes BIGINT NOT NULL DEFAULT 0
    """,
    """
    CREATE TABLE refused_contact (
        serial VARCHAR NOT NULL,
        address VARCHAR NOT NULL,
        reason VARCHAR NOT NULL,
        first_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
        last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
        requests BIGINT NOT NULL,
        dialect VARCHAR,
        kept_lines BIGINT NOT NULL,
        kept_bytes BIGINT NOT NULL,
        PRIMARY KEY (serial, address)
    )
    """,
    "CREATE INDEX refused_contact_of_address ON refused_contact (address, last_seen_at)",
    "CREATE INDEX refused_contact_oldest ON refused_contact (last_seen_at)",
    """
    INSERT INTO refused_contact (serial, address, reason, first_seen_at, last_seen_at, requests, dialect, kept_lines, kept_bytes)
    SELECT serial, coalesce(address, ''), 'UNREGISTERED_SERIAL', first_seen_at, last_seen_at, requests, dialect, kept_lines, 0
    FROM unknown_machine
    """,
    "ALTER TABLE quarantine ADD COLUMN address VARCHAR NOT NULL DEFAULT ''",
    """
    UPDATE quarantine q SET address = coalesce(u.address, '') FROM unknown_machine u
    WHERE u.serial = q.serial AND q.reason = 'UNREGISTERED_SERIAL'
    """,
    "ALTER TABLE quarantine DROP CONSTRAINT quarantine_once",
    "ALTER TABLE quarantine ADD CONSTRAINT quarantine_once UNIQUE (serial, line_sha256, reason, address)",
    "CREATE INDEX quarantine_received ON quarantine (received_at)",
    "CREATE INDEX quarantine_waiting ON quarantine (serial) WHERE resolved_at IS NULL",
    "CREATE INDEX upload_received ON upload (received_at)",
    "DROP TABLE unknown_machine",
    # Commands created earlier expire within minutes: they keep their old ids.
    "ALTER TABLE device_command ADD COLUMN token VARCHAR",
    "UPDATE device_command SET token = id",
    "ALTER TABLE device_command ALTER COLUMN token SET NOT NULL",
    "ALTER TABLE device_command ADD CONSTRAINT device_command_token UNIQUE (token)",
    """
    CREATE TABLE machine_signal (
        serial VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        first_at TIMESTAMP WITH TIME ZONE NOT NULL,
        last_at TIMESTAMP WITH TIME ZONE NOT NULL,
        times BIGINT NOT NULL,
        detail VARCHAR NOT NULL,
        PRIMARY KEY (serial, kind),
        FOREIGN KEY(serial) REFERENCES machine (serial)
    )
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
