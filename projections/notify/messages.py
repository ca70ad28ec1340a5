"""What is said: the JSON of a webhook, and a sentence for people's messengers.

Nothing in it names a person; the case is named by its number.
"""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from duban.contracts import to_json
from duban.events import Event
from duban.words import CLOCKS, LEVELS


def body(event: Event) -> bytes:
    """The JSON body of a webhook: the event as it is on the topic, instants in ISO-8601."""
    return json.dumps(to_json(event), ensure_ascii=False, separators=(",", ":")).encode()


def sentence(event: Event, zone: str) -> tuple[str, str]:
    """(title, text) for a messenger."""
    data = event.data
    level = LEVELS.get(str(data.get("level")), "预警")
    title = f"{level}（已撤回）" if event.type == "AlertRetracted" else level
    clock = CLOCKS.get(str(data.get("clock_kind")), "时限")
    parts = [
        str(data.get("item_name") or "未登记事项"),
        f"办件 {data.get('case_id') or event.subject_id}",
        f"{clock} {_due(data.get('due_at'), zone)}".strip(),
    ]
    return f"【督办】{title}", "\n".join(parts)


def _due(due_at: Any, zone: str) -> str:
    if due_at is None:
        return ""
    local = datetime.fromtimestamp(int(due_at) / 1000, ZoneInfo(zone))
    return f"{local:%m-%d %H:%M} 到期"
