"""The handlers with which the services read records."""

from __future__ import annotations

from services.feedback.people.consumer import handle
from services.notifications.notices import consumer as notifications
from services.scoring.facts import consumer as scoring
from shared.messaging.consuming.batch_work import Handler
from shared.messaging.consuming.incoming import Incoming
from tests.fixtures.services import Running

__all__ = ["handler_of", "receive"]


def handler_of(service: Running) -> Handler:
    """What the consumer of this service does with a batch of records."""
    match service.context.service:
        case "scoring":
            return service.app.part(scoring.RecordHandler)
        case "notifications":
            return service.app.part(notifications.RecordHandler)
        case _:
            return handle


async def receive(service: Running, *records: Incoming) -> None:
    """Applies one batch as the consumer does; every record must be usable."""
    async with service.context.database.transaction() as session:
        assert not await handler_of(service)(session, records)
