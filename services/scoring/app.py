"""Composition root of the scoring service."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from services.scoring.api_texts import TEXTS
from services.scoring.discipline.publisher import DisciplinePublisher
from services.scoring.explanation import pages
from services.scoring.explanation import routes as explanation_routes
from services.scoring.facts import routes as facts_routes
from services.scoring.facts.consumer import TOPICS, RecordHandler
from services.scoring.operations import canary_routes, contract_routes
from services.scoring.operations import routes as operations_routes
from services.scoring.operations.above import LIFTS
from services.scoring.operations.digests import SOURCES
from services.scoring.policy.policies import PolicyBook
from services.scoring.scores import policy_routes
from services.scoring.scores import routes as scores_routes
from services.scoring.scores.publisher import ScorePublisher
from services.scoring.scores.upkeep import ScoreUpkeep
from services.scoring.settings import Settings
from shared.access.links import PAGE
from shared.base.clock import Clock
from shared.operations.above import above_router
from shared.operations.digest_routes import digest_router
from shared.operations.expired_links import ExpiredLinks
from shared.operations.link_routes import links_router
from shared.operations.routes import operations_router
from shared.service.app import ServiceApp, make_app
from shared.service.context import Context
from shared.service.runtime import Periodic, Runtime, consumer_of, end_process

__all__ = ["create"]

PUBLISH_POLL_SECONDS = 1.0  # for commits of other processes; commits of this process wake the publisher at once
DISCIPLINE_POLL_SECONDS = 5.0
SEMESTER_POLL_SECONDS = 60.0
LINKS_POLL_SECONDS = 3600.0


def create(
    settings: Settings, *, clock: Clock | None = None, on_failure: Callable[[str], None] = end_process
) -> ServiceApp:
    """Builds the service's app; nothing connects before its lifespan starts."""
    context = Context.make("scoring", settings, clock)
    policies = PolicyBook()
    changed = asyncio.Event()
    handler = RecordHandler(policies, changed, batch_records_max=settings.batch_records_max)
    upkeep = ScoreUpkeep(context, settings, policies, changed)
    scores = ScorePublisher(context, policies, handler.in_backlog)
    discipline = DisciplinePublisher(context, policies, handler.in_backlog)
    runtime = Runtime(
        context,
        consumer=consumer_of(context, handler, TOPICS),
        periodics=(
            Periodic("rules", upkeep.round, SEMESTER_POLL_SECONDS),
            Periodic("publisher", scores.round, PUBLISH_POLL_SECONDS, wake=changed),
            Periodic("discipline", discipline.round, DISCIPLINE_POLL_SECONDS),
            Periodic("links", ExpiredLinks(context).round, LINKS_POLL_SECONDS),
        ),
        on_failure=on_failure,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        _collect_garbage_seldom()
        async with runtime.lifespan(app):
            yield

    return make_app(
        context,
        prefix="scores",
        title="Kinerja: scores",
        texts=TEXTS,
        routers=_routers(handler),
        parts=[runtime, policies, handler, upkeep, scores, discipline],
        lifespan=lifespan,
    )


def _routers(handler: RecordHandler) -> Sequence[APIRouter]:
    return [
        explanation_routes.router,
        scores_routes.router,
        facts_routes.router,
        operations_routes.router,
        policy_routes.router,
        contract_routes.router,
        pages.router,
        canary_routes.router,
        links_router("scores", PAGE, "an officer's score with everything behind it"),
        operations_router("scores", service="scoring", release=handler),
        above_router("scores", LIFTS),
        digest_router("scores", SOURCES),
    ]


def _collect_garbage_seldom() -> None:
    """Runs the garbage collector less often. A batch creates tens of thousands of objects, few of them in cycles: the default
    (every 700th object, including all imported modules) takes half of the consumer's time. Higher values cost memory."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 3, 3)
