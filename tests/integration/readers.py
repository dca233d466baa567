"""The handlers with which the services read records."""

from __future__ import annotations

from services.feedback.people.consumer import handle
from services.scoring.facts.consumer import RecordHandler
from shared.messaging.consuming.batch_work import Handler
from tests.fixtures.services import Running

__all__ = ["handler_of"]


def handler_of(service: Running) -> Handler:
    """What the consumer of this service does with a batch of records."""
    match service.context.service:
        case "feedback":
            return handle
        case "scoring":
            return service.app.part(RecordHandler)
        case _:
            handler: Handler = service.app.state.handler
            return handler
