"""Composition root of the feedback service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.feedback.api_texts import TEXTS
from services.feedback.assessments import routes as assessments_routes
from services.feedback.index import routes as index_routes
from services.feedback.operations.above import LIFTS
from services.feedback.operations.digests import SOURCES
from services.feedback.people.consumer import TOPICS, handle
from services.feedback.quarantine import routes as quarantine_routes
from services.feedback.ratings import routes as ratings_routes
from services.feedback.ratings.boxes.ballot_boxes import BallotBoxes
from services.feedback.ratings.publication import Publication
from services.feedback.ratings.rules.intake import intake_rules_from_mapping
from services.feedback.settings import Settings
from services.feedback.visits import pages
from services.feedback.visits import routes as visits_routes
from services.feedback.visits.retention import VisitRetention
from shared.base.clock import Clock
from shared.base.rule_documents import read_document
from shared.db.database import is_transient
from shared.operations.above import above_router
from shared.operations.digest_routes import digest_router
from shared.operations.routes import operations_router
from shared.service.app import ServiceApp, make_app
from shared.service.context import Context
from shared.service.runtime import Periodic, Runtime, consumer_of, end_process

__all__ = ["create"]

PUBLISH_POLL_SECONDS = 1.0
VISIT_RETENTION_SECONDS = 3600.0


def create(
    settings: Settings, *, clock: Clock | None = None, on_failure: Callable[[str], None] = end_process
) -> ServiceApp:
    """Builds the service's app; nothing connects before its lifespan starts."""
    context = Context.make("feedback", settings, clock)
    rules = intake_rules_from_mapping(read_document(settings.feedback_rules_file.read_bytes()))
    boxes = BallotBoxes(context, rules, settings.ballot_key.get_secret_value())
    publication = Publication(context, boxes)
    retention = VisitRetention(context, rules)
    runtime = Runtime(
        context,
        consumer=consumer_of(context, handle, TOPICS),
        periodics=(
            Periodic("publication", publication.round, PUBLISH_POLL_SECONDS),
            Periodic("forget-visits", retention.round, VISIT_RETENTION_SECONDS),
        ),
        on_failure=on_failure,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            await publication.check_keys()
        except Exception as error:
            if not is_transient(error):
                raise
            # The database is down: the publication job opens the boxes once it is up again.
        async with runtime.lifespan(app):
            yield

    return make_app(
        context,
        prefix="feedback",
        title="Kinerja: feedback",
        texts=TEXTS,
        routers=[
            visits_routes.router,
            assessments_routes.router,
            ratings_routes.router,
            quarantine_routes.router,
            index_routes.router,
            pages.router,
            operations_router("feedback", service="feedback", release=handle),
            above_router("feedback", LIFTS),
            digest_router("feedback", SOURCES),
        ],
        parts=[runtime, boxes, publication, retention],
        lifespan=lifespan,
    )
