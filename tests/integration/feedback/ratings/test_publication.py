"""What publishes ratings without a new vote: time, and rules that were changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import yaml

from embedded.postgres import EmbeddedPostgres
from services.feedback.ratings.publication import Publication
from services.feedback.settings import Settings
from tests.fixtures.records import employee
from tests.fixtures.services import running_service
from tests.fixtures.stores.postgres import migrated_database
from tests.integration.feedback.office import MINIMUM, Office, office

pytestmark = pytest.mark.embedded

MIDNIGHT = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)  # in the unit's zone


def rules_with(folder: Path, **changes: int) -> Path:
    """The default intake rules with changes."""
    rules = yaml.safe_load(Path(Settings.model_fields["feedback_rules_file"].default).read_text())
    changed = folder / "rules.yaml"
    changed.write_text(yaml.safe_dump(rules | changes))
    return changed


async def test_a_lower_group_minimum_publishes_waiting_ratings_without_another_vote(
    embedded_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    url = await migrated_database(embedded_postgres, "feedback")
    strict = rules_with(tmp_path, group_minimum=MINIMUM + 1)
    async with office(embedded_postgres, database_url=url, feedback_rules_file=strict) as place:
        await place.votes(MINIMUM)
        await place.publish()
        assert await place.ratings() == []
    async with running_service("feedback", embedded_postgres, database_url=url, clock=place.clock) as service:
        again = Office(service, place.clock, place.superior, place.officer)
        await again.publish()
        assert len(await again.ratings()) == MINIMUM


async def test_the_end_of_a_semester_is_noticed_even_just_after_a_check_of_the_boxes(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    """The boxes are looked at every ten minutes, and ten minutes after midnight the semester is closed."""
    async with office(embedded_postgres) as place:
        publication = place.service.app.part(Publication)
        place.clock.set(MIDNIGHT - timedelta(minutes=1))
        other = uuid4()
        await place.hear(employee(other))
        await place.votes(MINIMUM - 1)
        await place.votes(1, employee_id=str(other))
        place.clock.set(MIDNIGHT + timedelta(minutes=9))
        await publication.round()
        assert await place.ratings() == []
        place.clock.set(MIDNIGHT + timedelta(minutes=11))
        await publication.round()
        # Too few of each officer; together they are a group of the unit, in the same round.
        assert [(r["employee_id"], r["group_size"]) for r in await place.ratings()] == [(None, MINIMUM)] * MINIMUM
