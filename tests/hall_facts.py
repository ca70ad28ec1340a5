"""The vocabulary of tests about halls: facts as they are said, and halls full of invented ones."""

import random
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from duban import contracts
from duban.events import Event

ZONE = ZoneInfo("Asia/Shanghai")
HALL = "zhangzhou"
START = datetime(2026, 9, 1, 9, tzinfo=ZONE)
PROVED = [{"kind": "record", "uri": "files/1.pdf"}]
CASE = f"{HALL}/2026-ZG-1"


def an_id(name: str) -> str:
    """The event id behind a short name."""
    return str(uuid5(NAMESPACE_URL, name))


def said(
    type_: str, name: str, day: int = 1, *, hall: str = HALL, role: str = "efficiency_office",
    proved: bool = True, because: str = "", corrects: str = "", recorded: int | None = None,
    case: str = "", **data: object,
) -> Event:  # fmt: skip
    """A fact of a hall (or of a case there) on a day of September, under a short name."""
    instants = {"occurred_at": day, "recorded_at": day if recorded is None else recorded}
    about = ("case", case) if case else ("hall", hall)
    return contracts.from_json({
        "type": type_, "event_id": an_id(name), "hall_id": hall,
        "subject_type": about[0], "subject_id": about[1],
        **{field: (START + timedelta(days=n)).isoformat() for field, n in instants.items()},
        "actor": {"id": "a-1", "role": role},
        "evidence": PROVED if proved else [],
        "causation_id": an_id(because) if because else None,
        "corrects_event_id": an_id(corrects) if corrects else None,
        **data,
    })  # fmt: skip


def void(name: str, of: str, day: int = 20, **more: object) -> Event:
    """The fact that another one never happened."""
    return said("HallFactVoided", name, day, voided_event_id=an_id(of), reason="误录", **more)


def card(name: str, day: int = 1, colour: str = "yellow", **more: object) -> Event:
    """A card on a window."""
    return said(
        "CardIssued", name, day, **{"subject": "w1", "reason": "超期"} | more, colour=colour
    )


def ordered(name: str, day: int = 1, **more: object) -> Event:
    """责令限期整改: a fact of a case of its own."""
    due = (START + timedelta(days=day + 10)).isoformat()
    return said("RectificationOrdered", name, day, case=CASE, due_at=due, what="整改", **more)


# --- invented halls ------------------------------------------------------------------------------

WINDOWS = ("w1", "w2", "w3")
STAFF = ("s1", "s2")
BOARD_CLASSES = ("dedication", "honesty", "no_such_class")


class Invention:
    """Facts of one hall: measures and what became of them, honours, findings, praise, activities;
    some of them corrected, some voided, some corrections and voidings voided again."""

    def __init__(self, dice: random.Random, hall: str = HALL) -> None:
        self._dice = dice
        self._hall = hall
        self.events: list[Event] = []

    def many(self, count: int) -> list[Event]:
        """So many facts."""
        for _ in range(count):
            self._one()
        return self.events

    def _one(self) -> None:
        dice = self._dice
        kinds = [self._measure, self._answer, self._honour, self._finding, self._other]
        dice.choices([*kinds, self._correction, self._voiding], [6, 6, 6, 4, 6, 4, 2])[0]()

    def _add(self, type_: str, **more: object) -> None:
        dice = self._dice
        options = {
            "day": dice.randrange(40),
            "hall": self._hall,
            "role": dice.choice(("efficiency_office", "centre_manager", "system")),
            "proved": dice.random() < 0.7,
        }
        name = str(UUID(int=dice.getrandbits(128)))
        self.events.append(said(type_, name, **options | more))

    def _earlier(self, *types: str) -> Event | None:
        found = [event for event in self.events if not types or event.type in types]
        return self._dice.choice(found) if found else None

    def _measure(self) -> None:
        dice, reason = self._dice, {"reason": "超期"}
        type_ = dice.choice(MEASURES)
        window, staff = {"subject": dice.choice(WINDOWS)}, {"subject": dice.choice(STAFF)}
        own: dict[str, object] = {
            "CardIssued": {**window, **reason, "colour": dice.choice(("yellow", "red"))},
            "AdmonitionIssued": {**staff, **reason},
            "TalkHeld": {**window, **reason},
            "PublicCriticism": {**window, **reason, "scope": dice.choice(("hall", "city"))},
            "RectificationOrdered": {
                "what": "整改", "to_org": dice.choice("ab"), "due_at": START.isoformat(),
                "case": f"{self._hall}/{dice.randrange(10**9)}",
            },
        }[type_]  # fmt: skip
        cause = self._earlier() if dice.random() < 0.5 else None
        self._add(type_, **own, **({"causation_id": cause.event_id} if cause else {}))

    def _answer(self) -> None:
        measure = self._earlier(*MEASURES)
        if measure is None:
            return
        type_ = self._dice.choice(("MeasureRevoked", "MeasureAppealed", "MeasureAppealDecided"))
        upheld = {"upheld": self._dice.random() < 0.5} if type_ == "MeasureAppealDecided" else {}
        self._add(type_, measure_event_id=measure.event_id, reason="复核", **upheld)

    def _honour(self) -> None:
        dice = self._dice
        granted = self._earlier("HonourGranted")
        if granted and dice.random() < 0.3:
            self._add("HonourRevoked", honour_event_id=granted.event_id, reason="复核")
            return
        until = (START + timedelta(days=dice.randrange(60))).isoformat()
        self._add(
            "HonourGranted", subject=dice.choice(STAFF), subject_kind="staff", kind="good_deeds",
            board=dice.choice(("good_deeds", "good_deeds", "")), period=dice.choice(PERIODS),
            class_name=dice.choice(BOARD_CLASSES), valid_to=dice.choice((None, until)),
        )  # fmt: skip

    def _finding(self) -> None:
        dice = self._dice
        finding = {"finding_id": f"f{dice.randrange(12)}", "subject": dice.choice(WINDOWS)}
        if dice.random() < 0.4:
            self._add("FindingClosed", **finding)
            return
        severity, party = dice.choice(("minor", "major", "serious")), dice.choice(PARTIES)
        self._add("FindingRaised", **finding, severity=severity, party=party)

    def _other(self) -> None:
        dice = self._dice
        window = {"subject": dice.choice(WINDOWS)}
        praise = {"kind": dice.choice(("banner", "letter")), "count": dice.randrange(1, 5)}
        activity = {"kind": dice.choice(("training", "study")), "sessions": dice.randrange(1, 4)}
        whole = dice.randrange(1, 90)
        type_, own = dice.choice((
            ("PraiseReceived", {**window, **praise}),
            ("ActivityHeld", {**activity, "headcount": dice.randrange(99)}),
            ("AttendanceExcepted", {**window, "kind": dice.choice(("absent", "late"))}),
            ("AppraisalGiven", {**window, "source": dice.choice(("mass", "self")), "level": 4}),
            ("SurveyClosed", {**window, "n": whole, "satisfied": dice.randrange(whole)}),
            ("OutreachDone", {**window, "kind": "card", "count": dice.randrange(1, 300)}),
            ("PledgePublished", {**window, "places": dice.sample(("desk", "wall", "web"), 2)}),
            ("InspectionDone", {"manner": dice.choice(("open", "covert")), "findings": 2}),
        ))  # fmt: skip
        self._add(type_, **own)

    def _correction(self) -> None:
        """The same again, at another time: what it corrects may be a correction itself."""
        event = self._earlier(*CORRECTED)
        if event is not None:
            day = START + timedelta(days=self._dice.randrange(40))
            again = contracts.to_json(event) | {
                "event_id": str(UUID(int=self._dice.getrandbits(128))),
                "corrects_event_id": event.event_id,
                "occurred_at": day.isoformat(),
                "recorded_at": day.isoformat(),
            }
            self.events.append(contracts.from_json(again))

    def _voiding(self) -> None:
        event = self._earlier()
        if event is not None and event.type != "RectificationOrdered":
            self._add("HallFactVoided", voided_event_id=event.event_id, reason="误录")


MEASURES = (
    "CardIssued", "AdmonitionIssued", "TalkHeld", "PublicCriticism", "RectificationOrdered",
)  # fmt: skip
CORRECTED = (
    "CardIssued", "AdmonitionIssued", "MeasureRevoked", "MeasureAppealDecided", "HonourGranted",
    "FindingRaised", "PraiseReceived", "ActivityHeld",
)  # fmt: skip
PERIODS = ("2026-09", "2026-10")
PARTIES = ("discipline_officer", "centre_manager", "duty_lead", "chief_rep")
