"""Whether an engine did the work: its state and its outputs, held against the model."""

import json
from collections.abc import Mapping
from pathlib import Path

from bench.streams.engines import Engine
from bench.streams.rule import HEAD, HELD
from bench.streams.workload import Model, Pair, read

OWN = b"__"  # keys that begin so are an engine's own


class Wrong(RuntimeError):
    """An engine's result is not the model's; the message says where."""


async def check(engine: Engine, folder: Path, broker: str, model: Model) -> None:
    """Read what the engine left; raises `Wrong` where it is not what must be."""
    kept = json.loads((folder / HELD).read_text()) if engine.leaves else {}
    if engine.changelog:
        state = await _last(broker, engine)
    else:
        state = {key.encode(): bytes.fromhex(value) for key, value in kept["state"].items()}
    if engine.outputs == "topic":
        outputs = [pair async for pair in read(broker, engine.output_topic)]
    else:
        outputs = [(key.encode(), bytes.fromhex(value)) for key, value in kept["outputs"]]
    compare(state, outputs, model)


def compare(state: Mapping[bytes, bytes], outputs: list[Pair], model: Model) -> None:
    """Raise `Wrong` unless state and outputs are the model's; outputs in any order."""
    if state != model.state:
        keys = [k for k in model.state if state.get(k) != model.state[k]]
        more = len(state.keys() - model.state.keys())
        shown = (keys or sorted(state.keys() - model.state.keys()))[0]
        raise Wrong(
            f"wrong state: {len(keys):,} of {len(model.state):,} keys differ, {more:,} are too "
            f"many, as {shown.decode(errors='replace')}: counted {_count(state.get(shown))}, "
            f"there were {_count(model.state.get(shown))}"
        )
    if len(outputs) != len(model.outputs):
        raise Wrong(f"wrong outputs: {len(outputs):,} are there, must be {len(model.outputs):,}")
    if sorted(outputs) != sorted(model.outputs):
        raise Wrong(f"wrong outputs: {len(outputs):,} are there as must be, but not the same")


async def _last(broker: str, engine: Engine) -> dict[bytes, bytes]:
    """The last value of each key of a changelog."""
    found: dict[bytes, bytes] = {}
    async for key, value in read(broker, engine.changelog):
        if not key.startswith(OWN):
            found[key.removesuffix(engine.suffix)] = value
    return found


def _count(state: bytes | None) -> int:
    return HEAD.unpack_from(state)[0] if state else 0
