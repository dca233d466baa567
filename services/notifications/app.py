"""Composition root of the notification service."""

from __future__ import annotations

from collections.abc import Callable

import yaml
from fastapi import FastAPI

from services.notifications.ageing import Ageing
from services.notifications.certificates import Certificates
from services.notifications.consumers import TOPICS, RecordHandler
from services.notifications.delivery import Sender
from services.notifications.domain.rules import rules_from_mapping
from services.notifications.drafts import Drafts
from services.notifications.routes import api, inbox
from services.notifications.settings import Settings
from shared.clock import Clock
from shared.consumer import BatchConsumer
from shared.context import Context
from shared.http import make_app
from shared.operations import operations_router
from shared.runtime import Periodic, Runtime, end_process

__all__ = ["create"]

DELIVERY_POLL_SECONDS = 1.0
EVALUATION_POLL_SECONDS_MAX = 60.0
AGEING_POLL_SECONDS = 600.0
CERTIFICATES_POLL_SECONDS = 600.0


def create(
    settings: Settings, *, clock: Clock | None = None, on_failure: Callable[[str], None] = end_process
) -> FastAPI:
    """The service, ready to be served; nothing connects before its lifespan begins."""
    context = Context.make("notifications", settings, clock)
    rules = rules_from_mapping(yaml.safe_load(settings.notice_rules_file.read_text()))
    drafts = Drafts(context, rules)
    handler = RecordHandler(drafts)
    sender = Sender(context, settings)
    ageing = Ageing(context, drafts, rules)
    certificates = Certificates(context.metrics, settings)
    pause = min(EVALUATION_POLL_SECONDS_MAX, rules.evaluation_interval.total_seconds() / 4)
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
            Periodic("evaluation", drafts.evaluate, pause),
            Periodic("delivery", sender.round, DELIVERY_POLL_SECONDS),
            Periodic("ageing", ageing.round, AGEING_POLL_SECONDS),
            Periodic("certificates", certificates.round, CERTIFICATES_POLL_SECONDS),
        ),
        on_failure=on_failure,
    )
    app = make_app(
        context,
        prefix="notices",
        title="Kinerja: notices",
        routers=[
            api.router,
            inbox.router,
            operations_router("notices", scopes=("notices:release",), release=handler),
        ],
        lifespan=runtime.lifespan,
    )
    app.state.rules = rules
    app.state.handler = handler
    app.state.drafts = drafts
    app.state.sender = sender
    app.state.ageing = ageing
    return app
