"""The rule sets in the database, and the policy of each semester with its units' priors."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.scoring.policy.rules.fast_score import PolicyInts, policy_ints
from services.scoring.policy.rules.ladder import DisciplineRules, discipline_rules_for, discipline_rules_from_mapping
from services.scoring.policy.rules.policy import (
    ScorePolicy,
    policy_for,
    policy_from_mapping,
    policy_to_mapping,
    with_unit_priors,
)
from services.scoring.policy.tables import RuleDocument, UnitPrior
from shared.base.rule_documents import read_document
from shared.contracts.semester import Semester
from shared.errors.errors import ConflictError, UnavailableError

__all__ = ["PolicyBook", "load_defaults", "load_policy", "request_rescore", "score_policies"]

CACHE_SECONDS = 5.0  # how soon this process sees another process's new policy

SCORE_KIND, DISCIPLINE_KIND = "score", "discipline"

INSERT_DOCUMENT = text(
    """
    insert into rule_document (kind, id, version, effective_from, decree, content, loaded_at)
    values (:kind, :id, :version, :effective_from, :decree, :content, :now)
    on conflict do nothing returning id
    """
)


REQUEST_RESCORE = text(
    "insert into rescore_due (first_semester, requested_at) values (:first, :now)"
    " on conflict (first_semester) do update set requested_at = excluded.requested_at"
)


@dataclass
class PolicyBook:
    """Policies and ladders, cached from the database for CACHE_SECONDS."""

    _read_at: float = field(default=-1e9, init=False)
    _scores: list[ScorePolicy] = field(default_factory=list, init=False)
    _ladders: list[DisciplineRules] = field(default_factory=list, init=False)
    _priors: dict[int, dict[str, Decimal]] = field(default_factory=dict, init=False)
    _by_semester: dict[int, tuple[ScorePolicy, PolicyInts]] = field(default_factory=dict, init=False)

    async def policy(self, session: AsyncSession, semester: Semester) -> ScorePolicy:
        """The policy of a semester. Raises PolicyError when none is in force, and UnavailableError before the first rules
        are stored: records that arrive first wait for them and are not parked."""
        return (await self._cached(session, semester))[0]

    async def fast(self, session: AsyncSession, number: int) -> PolicyInts:
        """The policy as integers, by the semester's number, for batches."""
        cached = self._by_semester.get(number)
        if cached is None or time.monotonic() - self._read_at >= CACHE_SECONDS:
            cached = await self._cached(session, Semester.from_number(number))
        return cached[1]

    async def ladders(self, session: AsyncSession, day: date) -> DisciplineRules:
        """The disciplinary rules in force on a day."""
        await self._refresh(session)
        return discipline_rules_for(day, self._ladders)

    def invalidate(self) -> None:
        """Invalidates the cache."""
        self._read_at = -1e9

    async def _cached(self, session: AsyncSession, semester: Semester) -> tuple[ScorePolicy, PolicyInts]:
        await self._refresh(session)
        cached = self._by_semester.get(semester.number)
        if cached is None:
            policy = with_unit_priors(policy_for(semester, self._scores), self._priors.get(semester.number, {}))
            cached = self._by_semester[semester.number] = (policy, policy_ints(policy))
        return cached

    async def _refresh(self, session: AsyncSession) -> None:
        if time.monotonic() - self._read_at < CACHE_SECONDS:
            return
        rows = (await session.execute(select(RuleDocument.kind, RuleDocument.content))).all()
        documents = [(kind, json.loads(content)) for kind, content in rows]
        self._scores = [policy_from_mapping(d) for kind, d in documents if kind == SCORE_KIND]
        self._ladders = [discipline_rules_from_mapping(d) for kind, d in documents if kind == DISCIPLINE_KIND]
        if not self._scores or not self._ladders:
            raise UnavailableError("The first rules of this installation are not stored yet. Send the request again.")
        priors: dict[int, dict[str, Decimal]] = {}
        of_units = select(UnitPrior.semester, UnitPrior.org_unit_id, UnitPrior.prior)
        for semester, org_unit_id, prior in await session.execute(of_units):
            priors.setdefault(semester, {})[org_unit_id] = Decimal(prior)
        self._priors = priors
        self._by_semester = {}
        self._read_at = time.monotonic()


async def load_policy(session: AsyncSession, document: Mapping[str, object], now: datetime) -> ScorePolicy:
    """Stores a new score policy and requests the scores that it changes.

    Raises RuleError for an invalid one, ConflictError for an existing version.
    """
    policy = policy_from_mapping(document)
    if not await _insert(session, SCORE_KIND, policy, policy_to_mapping(policy), now):
        raise ConflictError(f"Policy {policy.id} version {policy.version} exists: add a change as a new version.")
    await request_rescore(session, Semester.of(policy.effective_from), now)
    return policy


async def score_policies(session: AsyncSession) -> Sequence[RuleDocument]:
    """All score policies, the latest effective date first."""
    policies = select(RuleDocument).where(RuleDocument.kind == SCORE_KIND)
    latest_first = policies.order_by(col(RuleDocument.effective_from).desc(), col(RuleDocument.version).desc())
    return (await session.execute(latest_first)).scalars().all()


async def load_defaults(session: AsyncSession, score: bytes, discipline: bytes, now: datetime) -> None:
    """Loads these YAML rule sets if the database has none of their kind. Safe for several processes at once."""
    kinds = set((await session.execute(select(RuleDocument.kind).distinct())).scalars())
    if SCORE_KIND not in kinds:
        policy = policy_from_mapping(read_document(score))
        await _insert(session, SCORE_KIND, policy, policy_to_mapping(policy), now)
    if DISCIPLINE_KIND not in kinds:
        document = read_document(discipline)
        await _insert(session, DISCIPLINE_KIND, discipline_rules_from_mapping(document), document, now)


async def _insert(
    session: AsyncSession,
    kind: str,
    rules: ScorePolicy | DisciplineRules,
    content: Mapping[str, object],
    now: datetime,
) -> bool:
    """False if this version exists."""
    values = {
        "kind": kind,
        "id": rules.id,
        "version": rules.version,
        "effective_from": rules.effective_from,
        "decree": rules.decree,
        "content": json.dumps(content, default=str),
        "now": now,
    }
    return (await session.execute(INSERT_DOCUMENT, values)).first() is not None


async def request_rescore(session: AsyncSession, first: Semester, now: datetime) -> None:
    """Requests the scores of all semesters from `first` on."""
    await session.execute(REQUEST_RESCORE, {"first": first.number, "now": now})
