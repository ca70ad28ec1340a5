"""The counting rule beside peers, small: figures only for engines whose result is the model's."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bench.figures import Target
from bench.streams import homes, picture, results
from bench.streams.__main__ import chosen, measure
from bench.streams.check import Wrong, compare
from bench.streams.engines import DUBAN, ENGINES, JAVA, PEERS, Engine
from bench.streams.race import Measured
from bench.streams.rule import FRAME, RAW, decode, updated
from bench.streams.workload import Load, Model, bodies
from deploy.local import jars
from duban import avro
from duban.settings import settings
from tests.stack import free_base

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"
RECORDS, KEYS = 20_000, 500


def wrong(how: str) -> Engine:
    """An engine of `wrong_engines`, in Duban's own environment."""
    program = ("tests.flows.wrong_engines", how)
    return Engine(f"wrong-{how}", how, "", program, "nothing right", outputs="memory")


@pytest.fixture
def own_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The bench points this process at its own stack: put back what was."""
    for name in ("DUBAN_DATA", "DUBAN_PORT_BASE"):
        monkeypatch.setenv(name, "to be forgotten")
        monkeypatch.delenv(name)
    yield
    monkeypatch.undo()
    settings.cache_clear()


# --- on a real broker ----------------------------------------------------------------------------


@pytest.mark.stack
def test_duban_and_a_peer_get_figures_and_a_ratio(tmp_path: Path) -> None:
    drawn = tmp_path / "figures" / "streams.svg"
    run = bench(tmp_path, "--only", "duban", "--only", "aiokafka", "--picture", str(drawn))
    assert set(run["engines"]) == {"duban", "aiokafka"}
    for engine in run["engines"].values():
        assert "failed" not in engine
        assert engine["events_per_s"] == pytest.approx(RECORDS / engine["seconds"], rel=0.05)
        assert engine["cpu_s_per_million"] > 0
        assert engine["rss_mb"] > 10
    duban, peer = run["engines"]["duban"], run["engines"]["aiokafka"]
    ratio = duban["events_per_s"] / peer["events_per_s"]
    assert run["ratios"] == {"aiokafka": pytest.approx(ratio, rel=0.01)}
    (kept,) = (tmp_path / "results").iterdir()
    assert json.loads(kept.read_text(encoding="utf-8")) == run
    assert f"{duban['events_per_s']:,}" in drawn.read_text(encoding="utf-8")


def bench(folder: Path, *options: str) -> dict[str, Any]:
    where = f"--results {folder / 'results'} --data {folder / 'data'} --port-base {free_base()}"
    load = f"--json --records {RECORDS} --keys {KEYS}"
    done = subprocess.run(
        [sys.executable, "-m", "bench.streams", *load.split(), *where.split(), *options],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.stack
def test_an_engine_that_is_wrong_or_dies_has_a_reason_and_no_figure(
    tmp_path: Path, own_settings: None
) -> None:
    engines = [wrong("forgets"), wrong("too-little"), wrong("dies"), DUBAN]
    said = measure(engines, Load(RECORDS, KEYS), tmp_path / "data", free_base())
    forgets, too_little, dies, duban = said
    assert duban.measured is not None
    assert [o.measured for o in (forgets, too_little, dies)] == [None, None, None]
    assert forgets.reason.startswith("wrong state: ")
    assert too_little.reason == "wrong outputs: 2,002 are there, must be 2,202"
    assert dies.reason == "ended early: no memory left"
    assert results.last_lines(results.ratios(said)) == [
        "wrong-forgets failed", "wrong-too-little failed", "wrong-dies failed",
    ]  # fmt: skip


# --- the model -----------------------------------------------------------------------------------


def held_by(load: Load) -> Model:
    """The model of a load that lies in one partition."""
    model = Model()
    for offset, (key, value, minutes) in enumerate(bodies(load)):
        model.takes(key, value, minutes, offset)
    return model


def test_the_model_counts_every_record_and_every_tenth_output() -> None:
    load = Load(1000, 50)
    told, model = list(bodies(load)), held_by(load)
    assert len(told) == load.total == 1100
    assert len(model.outputs) == 110
    for key, state in model.state.items():
        mine = [value for k, value, _ in told if k == key]
        assert int.from_bytes(state[:8], "big") == len(mine)
        assert state.endswith(mine[-1])
        assert int.from_bytes(state[8:12], "big") == decode(mine[-1])["minutes"]


def test_the_rule_comes_to_what_the_model_says() -> None:
    load = Load(1000, 50)
    state: dict[bytes, bytes] = {}
    for key, value, _ in bodies(load):
        state[key] = updated(state.get(key), value)
    assert state == held_by(load).state


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda state, outputs: state.popitem(), "1 of 50 keys differ"),
        (lambda state, outputs: state.update(more=b""), "1 are too many"),
        (lambda state, outputs: outputs.pop(), "109 are there, must be 110"),
        (lambda state, outputs: outputs.append(outputs[0]), "111 are there, must be 110"),
        (lambda state, outputs: outputs.__setitem__(0, outputs[1]), "but not the same"),
    ],
)
def test_what_differs_from_the_model_is_named(spoil: Any, reason: str) -> None:
    model = held_by(Load(1000, 50))
    state: dict[Any, bytes] = dict(model.state)
    outputs = list(reversed(model.outputs))  # the order between partitions means nothing
    compare(state, outputs, model)
    spoil(state, outputs)
    with pytest.raises(Wrong, match=reason):
        compare({k if isinstance(k, bytes) else k.encode(): v for k, v in state.items()},
                outputs, model)  # fmt: skip


def test_the_body_is_framed_as_duban_frames_its_events() -> None:
    assert b"\xc3\x01" + avro.fingerprint(RAW).to_bytes(8, "little") == FRAME
    values = [value for _, value, _ in bodies(Load(1000, 50))]
    assert all(55 <= len(value) - len(FRAME) <= 100 for value in values)
    with pytest.raises(ValueError, match="begins with 00"):
        decode(b"\x00" * 80)


# --- engines and their homes ---------------------------------------------------------------------


@pytest.mark.parametrize("engine", [e for e in PEERS if e.home != JAVA], ids=lambda e: e.name)
def test_a_peer_is_named_by_the_version_that_is_pinned(engine: Engine) -> None:
    named = [word.strip(",") for word in engine.title.split() if word[0].isdigit()]
    lock = (homes.HERE / f"requirements-{engine.home}.lock").read_text(encoding="utf-8")
    assert all(f"=={version} " in lock for version in named)
    assert "--hash=sha256:" in lock
    assert "://" not in lock  # where packages come from is the machine's own matter


def test_kafka_streams_has_the_same_jars_as_the_broker_where_both_have_them() -> None:
    ours = {jar.file: jar for jar in jars.read_lock(homes.JARS)}
    brokers = {jar.file: jar for jar in jars.read_lock()}
    assert "kafka-streams-4.4.0.jar" in ours
    assert "kafka-clients-4.4.0.jar" in ours.keys() & brokers.keys()
    assert all(ours[name] == brokers[name] for name in ours.keys() & brokers.keys())


def test_a_peer_that_cannot_be_installed_says_why(
    tmp_path: Path, own_settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = f"{tmp_path / 'nothing-1.0-py3-none-any.whl'} --hash=sha256:{'0' * 64}\n"
    (tmp_path / "requirements-nowhere.lock").write_text(lock)
    monkeypatch.setattr(homes, "HERE", tmp_path)
    monkeypatch.setenv("DUBAN_CACHE", str(tmp_path / "cache"))
    settings.cache_clear()
    engine = Engine("nowhere", "nowhere", "nowhere", ("nothing",), "")
    for _ in range(2):  # what was half made is not taken for an environment
        with pytest.raises(homes.Unavailable, match=r"nowhere cannot be installed: .*nothing-1\.0"):
            homes.command(engine, tmp_path)


def test_an_engine_that_does_not_exist_is_named() -> None:
    from bench.rig import BenchError

    assert [e.name for e in chosen(["quix", "duban"])] == ["duban", "quix"]
    assert chosen([]) == list(ENGINES.values())
    with pytest.raises(BenchError, match="No such engine: x"):
        chosen(["x"])


# --- what is said and drawn ----------------------------------------------------------------------


def outcomes() -> list[results.Outcome]:
    """Duban at 80,000 events/s, Quix at 50,000, Kafka Streams at 160,000, Bytewax without any."""

    def found(name: str, rate: float) -> results.Outcome:
        return results.Outcome(ENGINES[name], Measured(1_000_000, 1_000_000 / rate, 9.0, 100.0))

    return [
        found("duban", 80_000),
        found("quix", 50_000),
        results.Outcome(ENGINES["bytewax"], None, "bytewax cannot be installed: no wheel"),
        found("kafka-streams-eos", 160_000),
    ]


def test_the_last_lines_are_ratios_one_a_peer(capsys: pytest.CaptureFixture[str]) -> None:
    where = {"processor": "P", "cores": 2, "load_before": 0.1}
    results.show(outcomes(), Load(), where)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3:] == ["quix 1.60x", "bytewax failed", "kafka-streams-eos 0.50x"]
    said = "\n".join(lines)
    assert "bytewax: bytewax cannot be installed: no wheel" in said
    assert "kafka-streams-eos 比 Duban 快 is faster than Duban, 2.00 times" in said
    assert "quix 比 Duban 快" not in said


def test_a_target_of_the_design_is_held_against_the_ratio() -> None:
    aims = {e.name: str(e.target) for e in PEERS if e.target}
    assert aims == {
        "faust": "≥ 8", "quix": "≥ 1.5", "quix-eos": "≥ 1.5", "bytewax": "≥ 1.2",
        "kafka-streams-eos": "≥ 0.5",
    }  # fmt: skip
    assert Target("at least", 0.5).met(0.5)


def test_bars_are_as_long_as_their_figures_and_stay_inside(tmp_path: Path) -> None:
    where = {"processor": "P & Q", "cores": 2, "load_before": 0.1}
    picture.write(tmp_path / "a.svg", results.as_json(outcomes(), Load(), where))
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    bars = [rect for rect in root.iter(f"{SVG}rect") if float(rect.attrib["width"]) < width]
    lengths = [float(bar.attrib["width"]) for bar in bars]
    assert lengths == pytest.approx([lengths[0], lengths[0] / 2, lengths[0] * 5 / 16], abs=0.1)
    words = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert [w for w in words if w in ("Duban", "Quix Streams 3.28.1", "Kafka Streams 4.4.0")] == [
        "Kafka Streams 4.4.0", "Duban", "Quix Streams 3.28.1",
    ]  # fmt: skip
    assert any("Bytewax 0.21.1" in w and "无结果" in w for w in words)
    places = [float(text.attrib["y"]) for text in root.iter(f"{SVG}text")]
    assert max(places) < height
    assert len(set(places)) >= len(places) - 2 * len(bars)  # no line lies on another
