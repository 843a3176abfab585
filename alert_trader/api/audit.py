"""The audit trail, the newest events first."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from alert_trader.api.dependencies import ApiContext, ReadKey, problem_responses
from alert_trader.control.queries import audit
from alert_trader.control.queries.audit import Source
from alert_trader.mirrors.schema import EventRow

router = APIRouter(prefix="/admin/audit", tags=["audit"])

MOST = 500
CURSOR = r"^[0-9]{1,15}-[0-9]{1,10}$"


class RecentEvents(BaseModel):
    """A page of the audit trail over all trades."""

    events: list[EventRow]
    cursor: str | None = Field(
        description="Give it back for the page before this; null when there is no more."
    )
    source: Source
    note: str | None = Field(description="Why Redis did not answer; null when it did.")


@router.get("/recent", operation_id="recentAudit", summary="The last audit events", responses=problem_responses())
async def recent(
    _: ReadKey,
    context: ApiContext,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
    cursor: Annotated[
        str | None, Query(pattern=CURSOR, description="The cursor of an earlier answer: what came before it.")
    ] = None,
) -> RecentEvents:
    """Give the last events, from Redis, or from Temporal where Redis is away."""
    page = await audit.recent(context.temporal.client, context.mirrors, limit=limit, before=cursor)
    return RecentEvents(events=page.events, cursor=page.cursor, source=page.source, note=page.note)
