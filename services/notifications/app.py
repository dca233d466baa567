"""Composition root of the notification service."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from services.notifications.api_texts import TEXTS
from services.notifications.delivery import routes as delivery_routes
from services.notifications.delivery.mail_check import MailCheck
from services.notifications.delivery.sender import Sender
from services.notifications.delivery.smtp import MailServer
from services.notifications.evaluations.evaluation import Evaluation
from services.notifications.grounds.rules.rule_set import rules_from_mapping
from services.notifications.inbox import pages
from services.notifications.notices import routes as notices_routes
from services.notifications.notices.ageing import Ageing
from services.notifications.notices.consumer import TOPICS, RecordHandler
from services.notifications.notices.life_cycle import Notices
from services.notifications.notices.upkeep import Upkeep
from services.notifications.operations.above import LIFTS
from services.notifications.operations.counts import Counts
from services.notifications.operations.digests import SOURCES
from services.notifications.settings import Settings
from shared.access.links import INBOX
from shared.base.clock import Clock
from shared.base.rule_documents import read_document
from shared.operations.above import above_router
from shared.operations.certificate_monitor import CertificateMonitor, tls_addresses
from shared.operations.digest_routes import digest_router
from shared.operations.expired_links import ExpiredLinks
from shared.operations.link_routes import links_router
from shared.operations.routes import operations_router
from shared.service.app import ServiceApp, make_app
from shared.service.context import Context
from shared.service.runtime import Periodic, Runtime, consumer_of, end_process

__all__ = ["create"]

DELIVERY_POLL_SECONDS = 1.0
EVALUATION_POLL_SECONDS_MAX = 60.0
AGEING_POLL_SECONDS = 600.0
CERTIFICATES_POLL_SECONDS = 600.0
COUNTS_POLL_SECONDS = 60.0
LINKS_POLL_SECONDS = 3600.0


def create(
    settings: Settings, *, clock: Clock | None = None, on_failure: Callable[[str], None] = end_process
) -> ServiceApp:
    """Builds the service's app; nothing connects before its lifespan starts."""
    context = Context.make("notifications", settings, clock)
    rules = rules_from_mapping(read_document(settings.notice_rules_file.read_bytes()))
    upkeep = Upkeep(Notices(context, rules))
    handler = RecordHandler(upkeep)
    evaluation = Evaluation(context, upkeep)
    mail_server = MailServer(settings) if settings.smtp_host is not None else None
    sender = Sender(context, mail_server, upkeep)
    mail_check = MailCheck(context, mail_server, sender.pause)
    ageing = Ageing(context, upkeep)
    counts = Counts(context)
    certificates = CertificateMonitor(context.metrics, tls_addresses(settings, settings.kafka_external_listener))
    pause = min(EVALUATION_POLL_SECONDS_MAX, rules.evaluation_interval.total_seconds() / 4)
    runtime = Runtime(
        context,
        consumer=consumer_of(context, handler, TOPICS),
        periodics=(
            Periodic("evaluation", evaluation.round, pause),
            Periodic("delivery", sender.round, DELIVERY_POLL_SECONDS),
            Periodic("ageing", ageing.round, AGEING_POLL_SECONDS),
            Periodic("certificates", certificates.round, CERTIFICATES_POLL_SECONDS),
            Periodic("counts", counts.round, COUNTS_POLL_SECONDS),
            Periodic("links", ExpiredLinks(context).round, LINKS_POLL_SECONDS),
        ),
        on_failure=on_failure,
    )
    return make_app(
        context,
        prefix="notices",
        title="Kinerja: notices",
        texts=TEXTS,
        routers=_routers(handler),
        parts=[runtime, upkeep, handler, evaluation, sender, mail_check, ageing, counts],
        lifespan=runtime.lifespan,
    )


def _routers(handler: RecordHandler) -> list[APIRouter]:
    return [
        notices_routes.router,
        pages.router,
        delivery_routes.router,
        links_router("notices", INBOX, "an officer's inbox of notices"),
        operations_router("notices", service="notifications", release=handler),
        above_router("notices", LIFTS),
        digest_router("notices", SOURCES),
    ]
