"""Score policies: dated rule sets with their decree."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Body
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.dependencies import ContextDep, OperatorDep, PoliciesDep, ReaderDep
from services.scoring.policy.policies import load_policy
from services.scoring.scores.rescore import rescore
from shared.base.rule_documents import DOCUMENT_BYTES_MAX, read_document
from shared.contracts.semester import Semester
from shared.errors.problem_types import CONFLICT
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/scores", tags=["policies"])


class PolicyItem(Answer):
    """A policy as loaded."""

    id: str
    """The policy's name."""
    version: int
    """Its version, from 1."""
    effective_from: date
    """It applies to semesters that begin on or after this date."""
    decree: str
    content: dict[str, Any]
    """The rules as loaded."""


class PolicyLoaded(Answer):
    """The policy's name, and the number of recomputed scores."""

    id: str
    """The policy's name."""
    version: int
    """Its version."""
    rescored: int
    """The number of recomputed scores."""


@router.get("/v1/policies")
async def list_policies(context: ContextDep, _: ReaderDep) -> list[PolicyItem]:
    """Lists all policies, the latest effective date first."""
    query = text(
        "select id, version, effective_from, decree, content from rule_document where kind = 'score'"
        " order by effective_from desc, version desc"
    )

    async def read(session: AsyncSession) -> list[Any]:
        return list((await session.execute(query)).mappings())

    rows = await context.transact(read)
    return [PolicyItem(**{**row, "content": json.loads(row["content"])}) for row in rows]


@router.post("/v1/policies", status_code=201, responses=refuses(CONFLICT))
async def add_policy(
    context: ContextDep,
    policies: PoliciesDep,
    _: OperatorDep,
    document: Annotated[bytes, Body(media_type="application/yaml", max_length=DOCUMENT_BYTES_MAX)],
) -> PolicyLoaded:
    """Adds a policy (YAML or JSON text). It applies to semesters that begin on or after its date."""
    parsed = read_document(document)
    policy = await context.transact(lambda s: load_policy(s, parsed, context.clock.now()))
    rescored = await rescore(context, policies, Semester.of(policy.effective_from))
    return PolicyLoaded(id=policy.id, version=policy.version, rescored=rescored)
