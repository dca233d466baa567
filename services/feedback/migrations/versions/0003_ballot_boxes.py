"""Votes wait in encrypted boxes and are published in groups; a visit no longer stores when it was used.

Ratings that are already published get the new form: no time, no service, and one common date and group per officer, unit,
weight class and semester. Groups of fewer than three, and quarantined ratings, are withdrawn.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE ballot_box (
        box_id UUID NOT NULL,
        employee_id UUID,
        org_unit_id VARCHAR,
        weight_class VARCHAR,
        due BOOLEAN NOT NULL,
        quarantined BOOLEAN NOT NULL,
        sealed BYTEA NOT NULL,
        PRIMARY KEY (box_id)
    )
    """,
    "CREATE INDEX ballot_box_due ON ballot_box (box_id) WHERE due",
    "CREATE INDEX ballot_box_quarantined ON ballot_box (box_id) WHERE quarantined",
    """
    CREATE TABLE quarantine_decision (
        batch_id UUID NOT NULL,
        employee_id UUID,
        org_unit_id VARCHAR,
        weight_class VARCHAR,
        cause VARCHAR NOT NULL,
        day DATE NOT NULL,
        ballots INTEGER NOT NULL,
        decision VARCHAR NOT NULL,
        reason VARCHAR NOT NULL,
        decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (batch_id)
    )
    """,
    """
    CREATE TABLE city_remainder (
        semester SMALLINT NOT NULL,
        ratings INTEGER NOT NULL,
        answers VARCHAR NOT NULL,
        PRIMARY KEY (semester)
    )
    """,
    "ALTER TABLE visit ADD COLUMN used BOOLEAN NOT NULL DEFAULT false",
    # Deletes the date from the rows too: DROP COLUMN alone only hides it.
    "UPDATE visit SET used = used_on IS NOT NULL, used_on = NULL",
    "ALTER TABLE visit ALTER COLUMN used DROP DEFAULT, DROP COLUMN used_on",
    # Existing digests are SHA-256, not HMAC: those links no longer open.
    "ALTER TABLE visit RENAME COLUMN token_sha256 TO token_hmac",
    "CREATE INDEX visit_ended ON visit (expires_at)",
    "ALTER TABLE feedback ADD COLUMN group_id UUID",
    """
    WITH rating AS (
        SELECT feedback_id, record::jsonb AS record FROM feedback WHERE kind = 'citizen_rating'
    ), dated AS (
        SELECT feedback_id, record, left(record->>'given_at', 10) AS day, substr(record->>'given_at', 20) AS zone,
               concat_ws('/', record->>'employee_id', record->>'org_unit_id', record->>'weight_class',
                         record->>'state', left(record->>'given_at', 4),
                         substr(record->>'given_at', 6, 2) > '06') AS whole
        FROM rating
    ), grouped AS (
        SELECT whole, gen_random_uuid() AS group_id, max(day) AS day, count(*) AS size,
               max((record->>'revision')::int) + 1 AS revision
        FROM dated GROUP BY whole
    ), changed AS (
        SELECT d.feedback_id, g.group_id, d.record || jsonb_build_object(
            'revision', g.revision, 'service', NULL, 'given_at', g.day || 'T00:00:00' || d.zone,
            'group_id', g.group_id, 'group_size', g.size,
            'state', CASE WHEN d.record->>'state' = 'accepted' AND g.size >= 3 THEN 'accepted' ELSE 'withdrawn' END
        ) AS record
        FROM dated d JOIN grouped g USING (whole)
    )
    UPDATE feedback f SET group_id = c.group_id, revision = (c.record->>'revision')::int, state = c.record->>'state',
        given_at = (c.record->>'given_at')::timestamptz, record = c.record::text
    FROM changed c WHERE f.feedback_id = c.feedback_id
    """,
    "CREATE INDEX feedback_shown ON feedback (coalesce(group_id, feedback_id))",
    "CREATE INDEX feedback_group ON feedback (group_id) WHERE group_id IS NOT NULL",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
