"""A worker that reads the next form of the state and writes the present one, the next worker, which
writes it, and the one before again: each goes on from what the other wrote."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from deploy.local.parts import CLI
from duban import avro, bus
from duban.codec import MAGIC
from streams import state
from streams.state import WRITTEN
from tests.engine.rig import ROOT, Worker
from tests.faults import cases
from tests.faults.disks import LAST, say, worker_of
from tests.faults.rungs import ITEM, START, fact, ms, wait_idle
from tests.faults.scene import Scene
from tests.stack import Stack, wait_for

PARTS = "broker,topics"
PROGRAM = ("duban", "streams", "schemas")
NEW_FIELD = {"name": "hint", "type": "string", "doc": "Something new.", "default": ""}
STEPS = ("survey", "review", "inspection", "decision")


def there_and_back(scene: Scene) -> None:
    """Fault 23: N, N+1, N, N+1 on one state, each killed with facts under way."""
    present, following = (version(scene.folder(), writes) for writes in (WRITTEN, WRITTEN + 1))
    count = 2_000 if scene.long else 150
    names = [f"up/{number}" for number in range(count)]
    with (
        scene.stack(parts=PARTS, business_time="ticks") as stack,
        stack.here(),
        _read_here_too(following),
        bus.Producer() as producer,
    ):
        _publish(stack, present)
        for name in names:
            producer.send(fact("CaseSubmitted", name, START, item_code=ITEM))
            producer.send(fact("CaseAccepted", name, START + timedelta(minutes=5)))
        for step, sources in zip(STEPS, (present, following) * 2, strict=True):
            with worker_of(stack, scene.directory / "upgrade", sources) as worker:
                at = START + timedelta(hours=1)
                say(producer, [fact("StepCompleted", name, at, step=step) for name in names])
                _goes_on(stack, worker, names, step)
                frames = {value[: state.FRAME_LENGTH] for value in cases.values().values()}
                if step == STEPS[0]:
                    assert frames == {state.FRAME}, "N writes the present form"
                assert sources is present or frames - {state.FRAME}, "N+1 writes its own form"
                which = "N" if sources is present else "N+1"
                scene.say(f"{which} took step {step} of {count} cases")
                if step == STEPS[-1]:
                    say(producer, [], LAST)
                    wait_idle(120)
                    cases.check(names, "up", ms(LAST))


@contextmanager
def _read_here_too(sources: Path) -> Iterator[None]:
    """Who checks reads the following form as well."""
    raw = json.loads(_form(sources, WRITTEN + 1).read_text(encoding="utf-8"))
    frame = MAGIC + avro.fingerprint(raw).to_bytes(8, "little")
    with patch.dict(state._HEADS, {frame: state._head(avro.parse(raw))}):
        yield


def _form(sources: Path, number: int) -> Path:
    return sources / f"schemas/state/CaseState/{number}.avsc"


def _publish(stack: Stack, sources: Path) -> None:
    """The rules of these sources, by their own command: an operator publishes rules of a new form
    when the last worker that cannot read them has gone."""
    command = [sys.executable, "-c", CLI, "apply", str(sources / "schemas/reference")]
    subprocess.run(command, cwd=sources, env=stack.env, check=True, capture_output=True)


def _goes_on(stack: Stack, worker: Worker, names: list[str], step: str) -> None:
    """The worker lives and has taken the step of some case at least."""

    def some() -> bool:
        assert worker.ended is None, worker.log.read_text(encoding="utf-8")[-2000:]
        held = cases.states()
        return any(
            f.data.get("step") == step for n in names if n in held for f in held[n].facts.ordered
        )

    wait_for(some, f"step {step} is taken", 90, 0.5)


def version(folder: Path, writes: int) -> Path:
    """These sources with a form more to read, as a version that writes the form of a number."""
    for part in PROGRAM:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    form = json.loads(_form(folder, WRITTEN).read_text(encoding="utf-8"))
    rows = next(n for n, field in enumerate(form["fields"]) if field["name"] == "case")
    form |= {"version": WRITTEN + 1}
    form["fields"].insert(rows, NEW_FIELD)
    _form(folder, WRITTEN + 1).write_text(json.dumps(form), encoding="utf-8")
    code = folder / "streams/state.py"
    text = code.read_text(encoding="utf-8")
    now = f"WRITTEN = {WRITTEN}\n"
    assert now in text
    code.write_text(text.replace(now, f"WRITTEN = {writes}\n"), encoding="utf-8")
    return folder
