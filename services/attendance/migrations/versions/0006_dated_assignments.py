"""Adds dated units and employment types, roster settings, the end of a PIN, and the history of decisions on excuses."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE employee_unit (
        employee_id UUID NOT NULL,
        effective_from DATE NOT NULL,
        org_unit_id VARCHAR NOT NULL,
        PRIMARY KEY (employee_id, effective_from),
        FOREIGN KEY(employee_id) REFERENCES employee (employee_id),
        FOREIGN KEY(org_unit_id) REFERENCES org_unit (org_unit_id)
    )
    """,
    "CREATE INDEX ix_employee_unit_org_unit_id ON employee_unit (org_unit_id)",
    # Published days are the only source for earlier units: each change of unit among them becomes a step.
    """
    INSERT INTO employee_unit (employee_id, effective_from, org_unit_id)
    SELECT employee_id, work_date, org_unit_id
    FROM (SELECT d.employee_id, d.work_date, d.org_unit_id,
                 lag(d.org_unit_id) OVER (PARTITION BY d.employee_id ORDER BY d.work_date) AS before
          FROM attendance_day d JOIN employee e USING (employee_id)
          WHERE d.work_date < e.unit_from) published
    WHERE before IS DISTINCT FROM org_unit_id
    UNION ALL
    SELECT employee_id, unit_from, org_unit_id FROM employee
    """,
    "ALTER TABLE employee DROP COLUMN unit_from",
    """
    CREATE TABLE employee_type (
        employee_id UUID NOT NULL,
        effective_from DATE NOT NULL,
        employment_type VARCHAR NOT NULL,
        PRIMARY KEY (employee_id, effective_from),
        FOREIGN KEY(employee_id) REFERENCES employee (employee_id)
    )
    """,
    """
    INSERT INTO employee_type (employee_id, effective_from, employment_type)
    SELECT employee_id, active_from, employment_type FROM employee
    """,
    # Every date has a unit: the first step also applies to earlier dates (as in domain/history.py).
    """
    CREATE VIEW unit_time_v1 AS
    SELECT employee_id, org_unit_id,
           CASE WHEN row_number() OVER steps = 1 THEN date '-infinity' ELSE effective_from END AS first_date,
           coalesce(lead(effective_from) OVER steps - 1, date 'infinity') AS last_date
    FROM employee_unit WINDOW steps AS (PARTITION BY employee_id ORDER BY effective_from)
    """,
    """
    CREATE VIEW type_time_v1 AS
    SELECT employee_id, employment_type,
           CASE WHEN row_number() OVER steps = 1 THEN date '-infinity' ELSE effective_from END AS first_date,
           coalesce(lead(effective_from) OVER steps - 1, date 'infinity') AS last_date
    FROM employee_type WINDOW steps AS (PARTITION BY employee_id ORDER BY effective_from)
    """,
    """
    CREATE TABLE roster_setting (
        setting_id UUID NOT NULL,
        employee_id UUID,
        org_unit_id VARCHAR,
        by_roster BOOLEAN NOT NULL,
        effective_from DATE NOT NULL,
        effective_to DATE,
        PRIMARY KEY (setting_id),
        CONSTRAINT roster_setting_of_employee UNIQUE (employee_id, effective_from),
        CONSTRAINT roster_setting_of_unit UNIQUE (org_unit_id, effective_from),
        FOREIGN KEY(employee_id) REFERENCES employee (employee_id),
        FOREIGN KEY(org_unit_id) REFERENCES org_unit (org_unit_id)
    )
    """,
    "ALTER TABLE enrolment ADD COLUMN valid_to DATE",
    "ALTER TABLE excuse ADD COLUMN reason VARCHAR",
    "ALTER TABLE excuse ADD COLUMN decided_by UUID",
    """
    CREATE TABLE excuse_decision (
        excuse_id UUID NOT NULL,
        position INTEGER NOT NULL,
        state VARCHAR NOT NULL,
        code VARCHAR NOT NULL,
        first_date DATE NOT NULL,
        last_date DATE NOT NULL,
        half VARCHAR NOT NULL,
        reference VARCHAR,
        reason VARCHAR,
        decided_by UUID,
        recorded_by VARCHAR,
        recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (excuse_id, position),
        FOREIGN KEY(excuse_id) REFERENCES excuse (excuse_id)
    )
    """,
    # Older rows do not show who recorded the present state; the state and its time are known.
    """
    INSERT INTO excuse_decision (excuse_id, position, state, code, first_date, last_date, half, reference, recorded_at)
    SELECT excuse_id, 1, state, code, first_date, last_date, half, reference, decided_at FROM excuse
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
