"""How this service lifts revisions above a wrong one: a citizen's rating with its whole group, which shares one revision."""

from __future__ import annotations

from typing import Any

from shared.contracts.topics import FEEDBACK, Topic
from shared.operations.above import Lift, json_lift

__all__ = ["LIFTS"]

LIFTS: dict[Topic[Any], Lift] = {
    FEEDBACK: json_lift(
        FEEDBACK,
        """
        select record from feedback
        where feedback_id = :feedback_id or group_id = (select group_id from feedback where feedback_id = :feedback_id)
        order by feedback_id for update
        """,
        "update feedback set revision = :revision, record = :record where feedback_id = :feedback_id",
    ),
}
