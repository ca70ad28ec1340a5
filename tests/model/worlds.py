"""Worlds in which random cases live: the shipped reference and, beside it, halls with hours of
their own in several zones, notices that come out in the middle, new versions of policies.

A world is a directory of TOML files that the engine and the model read each for itself.
"""

import json
import random
import shutil
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.model.oracle.published import Published, named, read_files

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "schemas" / "reference"
LAB = Path(__file__).parent / "lab.toml"
ZONES = (
    "Asia/Shanghai", "Asia/Shanghai", "Asia/Shanghai", "Asia/Urumqi", "Europe/Amsterdam",
    "America/Sao_Paulo", "Asia/Kathmandu", "America/New_York",
)  # fmt: skip
WEEKS: tuple[list[dict[str, Any]], ...] = (
    [],
    [{"weekdays": [1, 2, 3, 4, 5], "shifts": ["08:30-12:00", "13:30-17:30"]}],
    [{"weekdays": [1, 2, 3, 4, 5, 6], "shifts": ["08:00-11:30", "12:30-17:00", "18:00-21:00"]}],
    [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "shifts": ["00:00-24:00"]}],
    [{"weekdays": [2, 3, 4, 5, 6], "shifts": ["09:00-17:00"]}],
    [
        {"weekdays": [1, 2, 3, 4], "shifts": ["09:00-12:00", "13:00-17:00"]},
        {"weekdays": [5, 6], "shifts": ["09:00-12:00"]},
    ],
)
SOME_SHIFTS = (["09:00-12:00"], ["10:00-16:00"], ["00:00-24:00"], ["09:00-12:00", "14:00-18:00"])
MODES = ("new_only", "open_from_now", "open_recompute")
REOPEN = ("continue", "new_clock", "continue_minus_closed")
STEPS = [
    {"step": "survey", "budget": 2}, {"step": "review", "budget": 4}, {"step": "inspection"},
]  # fmt: skip
BEGIN = date(2026, 1, 5)


@dataclass(frozen=True)
class World:
    """One world, before (`early`) and after its late notices came out."""

    seed: int
    early: Path
    late: Path
    published: dict[bool, Published]  # by: are the late notices out
    halls: tuple[str, ...]
    items: tuple[str, ...]


def make(seed: int, directory: Path) -> World:
    """Write the files of a world; the same seed gives the same world."""
    rng = random.Random(f"world {seed}")
    early, late = directory / f"{seed}-early", directory / f"{seed}-late"
    shutil.copytree(SHIPPED, early)
    policies = policies_of(rng, read_files(early), LAB.read_text(encoding="utf-8"))
    halls = {f"lab{i}": hours(rng, f"lab{i}") for i in range(3)}
    items = items_of(rng, [*read_files(early)["policy"], *policies])
    tables = {
        "policy": policies,
        "hours": [h for versions in halls.values() for h in versions],
        "item": items,
    }
    (early / "world.toml").write_text(written(tables), encoding="utf-8")
    shutil.copytree(early, late)
    (late / "late.toml").write_text(written({"calendar": notices(rng)}), encoding="utf-8")
    published = {False: Published(read_files(early)), True: Published(read_files(late))}
    return World(seed, early, late, published, tuple(halls), tuple(i["item_code"] for i in items))


def policies_of(rng: random.Random, shipped: dict[str, Any], lab: str) -> list[dict[str, Any]]:
    """The made-up policy with random ways to reopen; of it and of some others, later versions."""
    import tomllib

    first = tomllib.loads(lab)["policy"][0]
    first["reopen_mode"] = rng.choice(REOPEN)
    found = [first]
    for version, base in enumerate([first, rng.choice(published(shipped))], start=2):
        changed = json.loads(json.dumps(base, default=str))
        changed["version"] = str(90 + version)
        changed["effective_from"] = BEGIN + timedelta(days=rng.randrange(20, 400))
        changed["applies_to"] = rng.choice(MODES)
        changed.setdefault("ladders", {})
        changed["clocks"] = [c for c in changed.get("clocks", []) if rng.random() < 0.95]
        for clock in changed.get("clocks", []):
            if isinstance(clock.get("budget"), int) and clock["budget"] and rng.random() < 0.5:
                clock["budget"] = max(1, clock["budget"] + rng.choice((-3, -1, 1, 2, 5)))
            if clock.get("ladder") and rng.random() < 0.2:
                clock["ladder"] = rng.choice(sorted(changed["ladders"]) or [clock["ladder"]])
            if clock.get("pause_grounds") and rng.random() < 0.2:
                clock["pause_grounds"] = clock["pause_grounds"][1:]
        found.append(changed)
    return found


def published(tables: dict[str, Any]) -> list[dict[str, Any]]:
    """Policies that cases can be under and that no other extends."""
    bases = {name for p in tables["policy"] for name in p.get("extends", [])}
    return [p for p in tables["policy"] if p.get("publish", True) and p["policy_id"] not in bases]


def items_of(rng: random.Random, policies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each policy an item in days, one in minutes, and one that promises nothing."""
    names = sorted({p["policy_id"] for p in policies if p.get("publish", True)})
    units = ("working_day", "working_day", "working_minute", "calendar_day")
    return [
        {
            "item_code": f"x-{name}-{i}",
            "version": "1",
            "name": "试",
            "effective_from": date(2004, 1, 1),
            "policy_id": name,
            "case_class": rng.choice(("permit", "forwarded", "reported", "joint")),
            "window_id": rng.choice(("", "w1", "w2")),
            "steps": STEPS,
            **terms(rng, unit),
        }
        for name in names
        for i, unit in enumerate(units)
    ]


def terms(rng: random.Random, unit: str) -> dict[str, Any]:
    """What an item promises."""
    promise = rng.choice((55, 240, 700) if unit == "working_minute" else (1, 3, 5, 10))
    given: dict[str, Any] = {"unit": unit}
    if rng.random() < 0.9:
        given["promise"] = promise
    if rng.random() < 0.9:
        given |= {"statutory": rng.choice((20, 45)), "upper": 30}
    return given


def hours(rng: random.Random, hall: str) -> list[dict[str, Any]]:
    """Hours of a hall and of one or two of its windows, in versions, with days of their own."""
    zone = rng.choice(ZONES)
    found = []
    for window in ("", *rng.choice(((), ("w1",), ("w1", "w2")))):
        for version in range(1, 1 + rng.choice((1, 1, 2))):
            start = date(2004, 1, 1) if version == 1 else BEGIN + timedelta(rng.randrange(30, 300))
            found.append(
                {
                    "hall": hall,
                    **({"window": window} if window else {}),
                    "version": str(version),
                    "effective_from": start,
                    "zone": zone,
                    "weekly": rng.choice(WEEKS) if not window or rng.random() < 0.4 else [],
                    "days": own_days(rng),
                }
            )
    return found


def own_days(rng: random.Random) -> list[dict[str, Any]]:
    """Days on which a hall departs from the public calendar, both ways."""
    days = rng.sample(range(450), rng.choice((0, 6, 25)))
    found: list[dict[str, Any]] = []
    for day in sorted(days):
        one: dict[str, Any] = {"date": BEGIN + timedelta(days=day), "why": "自定"}
        how = rng.random()
        if how < 0.4:
            one["open"] = False
        elif how < 0.8:
            one["shifts"] = rng.choice(SOME_SHIFTS)
        found.append(one)
    return found


def notices(rng: random.Random) -> list[dict[str, Any]]:
    """A notice that changes the rest of 2026, and the one for 2027, each published in between."""
    changed = {
        "calendar_id": "cn", "year": 2026, "version": "2", "doc_no": "改〔2026〕1号",
        "published_on": BEGIN + timedelta(days=rng.randrange(60, 250)),
        **days_off(rng, 2026),
    }  # fmt: skip
    coming = {
        "calendar_id": "cn", "year": 2027, "version": "1", "doc_no": "国办〔2026〕9号",
        "published_on": date(2026, 10, 20) + timedelta(days=rng.randrange(40)),
        **days_off(rng, 2027),
    }  # fmt: skip
    return [changed, coming]


def days_off(rng: random.Random, year: int) -> dict[str, Any]:
    """Weekdays off, and weekend days worked instead, some of them with hours."""
    days = [date(year, 1, 1) + timedelta(days=d) for d in sorted(rng.sample(range(365), 40))]
    weekdays = [d for d in days if d.weekday() < 5]
    weekend = [d for d in days if d.weekday() > 4]
    half = weekdays[::7]
    return {
        "holidays": [
            {"name": "节", "days": [d for d in weekdays if d not in half]},
            {"name": "半天", "days": half, "shifts": ["09:00-12:00"]},
        ],
        "makeup_days": [{"name": "调休", "days": weekend}],
    }


# --- TOML ----------------------------------------------------------------------------------------


def written(tables: dict[str, list[dict[str, Any]]]) -> str:
    """Tables as a TOML file."""
    lines = []
    for kind, rows in tables.items():
        for row in rows:
            lines += [f"[[{kind}]]", *(f"{k} = {value(v)}" for k, v in row.items()), ""]
    return "\n".join(lines)


def value(given: Any) -> str:
    """A value as TOML writes it; a date that has been through JSON is a date again."""
    if isinstance(given, dict):
        return "{ " + ", ".join(f"{k} = {value(v)}" for k, v in given.items()) + " }"
    if isinstance(given, list | tuple):
        return "[" + ", ".join(map(value, given)) + "]"
    if isinstance(given, date | datetime):
        return given.isoformat()
    if isinstance(given, str) and len(given) == 10 and given[4:5] == given[7:8] == "-":
        return given
    return json.dumps(given, ensure_ascii=False)


__all__ = ["World", "make", "named"]
