"""Who works in the hall: three posts a window, the first its chief representative."""

from collections.abc import Iterator
from uuid import uuid5

from duban.events import Event
from producers.simulator.diary import Page
from producers.simulator.story import SPACE

DUTIES = {"chief_rep": ["首问负责", "窗口审批"], "handler": ["受理", "咨询引导"]}


def posted(page: Page) -> Iterator[Event]:
    """`StaffPosted` for everybody, as of the page's day; references, no names."""
    since = page.at(0)
    for window in page.windows:
        for number, staff in enumerate(page.staff_of(window)):
            role = "handler" if number else "chief_rep"
            yield Event(
                type="StaffPosted",
                event_id=str(uuid5(SPACE, f"post|{staff}|{since}")),
                subject_type="post",
                subject_id=f"{staff}@1",
                hall_id=page.hall,
                occurred_at=since,
                recorded_at=since,
                channel="system",
                data={
                    "staff_id": staff,
                    "version": "1",
                    "role": role,
                    "unit_id": f"{page.hall}/{window}",
                    "duties": DUTIES[role],
                    "badge": True,
                    "valid_from": since,
                    "valid_to": None,
                },
            )
