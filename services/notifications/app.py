"""Composition root of the notification service."""

from __future__ import annotations

from collections.abc import Callable

import yaml
from fastapi import FastAPI

from services.notifications.above import LIFTS
from services.notifications.ageing import Ageing
from services.notifications.api_words import WORDS
from services.notifications.certificates import Certificates
from services.notifications.consumers import TOPICS, RecordHandler
from services.notifications.counts import Counts
from services.notifications.delivery import Sender
from services.notifications.digests import SOURCES
from services.notifications.domain.rules import rules_from_mapping
from services.notifications.evaluation import Evaluation
from services.notifications.mail_check import MailCheck
from services.notifications.notices import Notices
from services.notifications.routes import api, inbox, mail
from services.notifications.settings import Settings
from services.notifications.smtp import MailServer
from services.notifications.upkeep import Upkeep
from shared.above import above_router
from shared.clock import Clock
from shared.consumer import BatchConsumer
from shared.context import Context
from shared.digest_routes import digest_router
from shared.http import make_app
from shared.link_routes import links_router
from shared.links import INBOX
from shared.operations import operations_router
from shared.runtime import Periodic, Runtime, end_process

__all__ = ["create"]

DELIVERY_POLL_SECONDS = 1.0
EVALUATION_POLL_SECONDS_MAX = 60.0
AGEING_POLL_SECONDS = 600.0
CERTIFICATES_POLL_SECONDS = 600.0
COUNTS_POLL_SECONDS = 60.0
LINKS_POLL_SECONDS = 3600.0


def create(
    settings: Settings, *, clock: Clock | None = None, on_failure: Callable[[str], None] = end_process
) -> FastAPI:
    """Builds the service's app; nothing connects before its lifespan starts."""
    context = Context.make("notifications", settings, clock)
    rules = rules_from_mapping(yaml.safe_load(settings.notice_rules_file.read_text()))
    upkeep = Upkeep(Notices(context, rules))
    handler = RecordHandler(upkeep)
    evaluation = Evaluation(context, upkeep)
    mail_server = MailServer(settings) if settings.smtp_host is not None else None
    sender = Sender(context, mail_server, upkeep)
    ageing = Ageing(context, upkeep)
    counts = Counts(context)
    certificates = Certificates(context.metrics, settings)
    pause = min(EVALUATION_POLL_SECONDS_MAX, rules.evaluation_interval.total_seconds() / 4)

    async def forget_links() -> bool:
        async with context.database.transaction() as session:
            await context.links.forget(session)
        return False

    runtime = Runtime(
        context,
        consumer=BatchConsumer(
            settings,
            context.database,
            context.dead_letters,
            context.metrics,
            handler,
            service="notifications",
            topics=TOPICS,
        ),
        periodics=(
            Periodic("evaluation", evaluation.round, pause),
            Periodic("delivery", sender.round, DELIVERY_POLL_SECONDS),
            Periodic("ageing", ageing.round, AGEING_POLL_SECONDS),
            Periodic("certificates", certificates.round, CERTIFICATES_POLL_SECONDS),
            Periodic("counts", counts.round, COUNTS_POLL_SECONDS),
            Periodic("links", forget_links, LINKS_POLL_SECONDS),
        ),
        on_failure=on_failure,
    )
    app = make_app(
        context,
        prefix="notices",
        title="Kinerja: notices",
        words=WORDS,
        routers=[
            api.router,
            inbox.router,
            mail.router,
            links_router("notices", INBOX, "an officer's inbox of notices"),
            operations_router("notices", service="notifications", release=handler),
            above_router("notices", LIFTS),
            digest_router("notices", SOURCES),
        ],
        lifespan=runtime.lifespan,
    )
    app.state.upkeep = upkeep
    app.state.handler = handler
    app.state.evaluation = evaluation
    app.state.sender = sender
    app.state.mail_check = MailCheck(context, mail_server, sender.pause)
    app.state.ageing = ageing
    app.state.counts = counts
    return app
