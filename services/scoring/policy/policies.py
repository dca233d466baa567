"""The rule sets in the database, and the policy of each semester with its units' priors."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.policy.rules.fast_score import PolicyInts, policy_ints
from services.scoring.policy.rules.ladder import DisciplineRules, discipline_rules_for, discipline_rules_from_mapping
from services.scoring.policy.rules.policy import (
    PolicyError,
    ScorePolicy,
    policy_for,
    policy_from_mapping,
    policy_to_mapping,
    with_unit_priors,
)
from shared.base.rule_documents import read_document
from shared.contracts.semester import Semester
from shared.errors.errors import ConflictError, InvalidError

__all__ = ["PolicyBook", "load_defaults", "load_policy", "request_rescore"]

CACHE_SECONDS = 5.0  # how soon this process sees another process's new policy

_INSERT = text(
    """
    insert into rule_document (kind, id, version, effective_from, decree, content, loaded_at)
    values (:kind, :id, :version, :effective_from, :decree, :content, :now)
    on conflict do nothing returning id
    """
)


_REQUEST_RESCORE = text(
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
        """The policy of a semester. Raises PolicyError when none is in force."""
        return (await self._of(session, semester))[0]

    async def fast(self, session: AsyncSession, number: int) -> PolicyInts:
        """The policy as integers, by the semester's number, for batches."""
        found = self._by_semester.get(number)
        if found is None or time.monotonic() - self._read_at >= CACHE_SECONDS:
            found = await self._of(session, Semester.from_number(number))
        return found[1]

    async def ladders(self, session: AsyncSession, day: date) -> DisciplineRules:
        """The disciplinary rules in force on a day."""
        await self._refresh(session)
        return discipline_rules_for(day, self._ladders)

    def forget(self) -> None:
        """Invalidates the cache."""
        self._read_at = -1e9

    async def _of(self, session: AsyncSession, semester: Semester) -> tuple[ScorePolicy, PolicyInts]:
        await self._refresh(session)
        found = self._by_semester.get(semester.number)
        if found is None:
            policy = with_unit_priors(policy_for(semester, self._scores), self._priors.get(semester.number, {}))
            found = self._by_semester[semester.number] = (policy, policy_ints(policy))
        return found

    async def _refresh(self, session: AsyncSession) -> None:
        if time.monotonic() - self._read_at < CACHE_SECONDS:
            return
        rows = (await session.execute(text("select kind, content from rule_document"))).all()
        documents = [(row.kind, json.loads(row.content)) for row in rows]
        self._scores = [policy_from_mapping(d) for kind, d in documents if kind == "score"]
        self._ladders = [discipline_rules_from_mapping(d) for kind, d in documents if kind == "discipline"]
        priors: dict[int, dict[str, Decimal]] = {}
        for row in await session.execute(text("select semester, org_unit_id, prior from unit_prior")):
            priors.setdefault(row.semester, {})[row.org_unit_id] = Decimal(row.prior)
        self._priors = priors
        self._by_semester = {}
        self._read_at = time.monotonic()


async def load_policy(session: AsyncSession, document: Mapping[str, object], now: datetime) -> ScorePolicy:
    """Stores a new score policy and requests the scores that it changes.

    Raises InvalidError for an invalid one, ConflictError for an existing version.
    """
    try:
        policy = policy_from_mapping(document)
    except PolicyError as error:
        raise InvalidError(str(error)) from error
    kept = await _insert(session, "score", policy, policy_to_mapping(policy), now)
    if not kept:
        raise ConflictError(f"Policy {policy.id} version {policy.version} exists: add a change as a new version.")
    await request_rescore(session, Semester.of(policy.effective_from), now)
    return policy


async def load_defaults(session: AsyncSession, score: bytes, discipline: bytes, now: datetime) -> None:
    """Loads these YAML rule sets if the database has none of their kind. Safe for several processes at once."""
    kinds = set((await session.execute(text("select distinct kind from rule_document"))).scalars())
    if "score" not in kinds:
        policy = policy_from_mapping(read_document(score))
        await _insert(session, "score", policy, policy_to_mapping(policy), now)
    if "discipline" not in kinds:
        document = read_document(discipline)
        await _insert(session, "discipline", discipline_rules_from_mapping(document), document, now)


async def _insert(session: AsyncSession, kind: str, rules: Any, content: Mapping[str, object], now: datetime) -> bool:
    values = {
        "kind": kind,
        "id": rules.id,
        "version": rules.version,
        "effective_from": rules.effective_from,
        "decree": rules.decree,
        "content": json.dumps(content, default=str),
        "now": now,
    }
    return (await session.execute(_INSERT, values)).first() is not None


async def request_rescore(session: AsyncSession, first: Semester, now: datetime) -> None:
    await session.execute(_REQUEST_RESCORE, {"first": first.number, "now": now})
