"""Which fault has which number, how it is produced, what must hold after it, and what runs it.

The invariants (`invariants`) hold after each besides; 13, whose clocks are the test's own, has none
of them to hold. How long things took is printed and never judged: machines differ. The numbers are
those by which the fault tests are spoken of everywhere; 19 and 20 are about the warehouse's sink
alone and lie in `tests/flows/test_sink_kills.py`.
"""

from collections.abc import Callable
from typing import NamedTuple

from tests.faults import (
    brokers,
    clocks,
    disks,
    inputs,
    kills,
    membership,
    network,
    replay,
    soak,
    timers,
    upgrade,
)
from tests.faults.scene import Scene


class Fault(NamedTuple):
    """One fault test. `also` names tests that look at the same fault from another side; one that
    is `by_hand` is left to the command, so that `make test` stays short."""

    number: int
    name: str
    produced: str
    passes: str
    run: Callable[[Scene], None]
    also: tuple[str, ...] = ()
    by_hand: bool = False


CATALOGUE = (
    Fault(
        1,
        "kill -9 of three workers under load",
        "8 kills (long: 50, with 100,000 keys) at random moments and failpoints",
        "outputs and state are the model's exactly",
        kills.at_random,
    ),
    Fault(
        2,
        "kill -9 between an alert and its mark",
        "failpoints before and after the commit of a turn that fires timers",
        "each timer is out once, though it was written more than once",
        kills.between_alert_and_mark,
        also=("tests/faults/test_rungs.py",),
    ),
    Fault(
        3,
        "kill -9 between a state's write and its commit",
        "failpoints before, in and after the transaction of a turn of facts",
        "counts are the model's",
        kills.between_state_and_commit,
    ),
    Fault(
        4,
        "a bug in the job",
        "the job raises on every 1000th record",
        "the process ends with 70 and passes nothing over; once mended, each record counts",
        inputs.a_bug,
        also=("tests/flows/test_engine.py",),
    ),
    Fault(
        5,
        "poison",
        "null, random, truncated and foreign bytes, an unknown schema, 5 MB, a wrong key or topic",
        "each is a dead letter with reason, coordinates and bytes; the partition goes on",
        inputs.poison,
        also=("tests/flows/test_hostile.py", "tests/flows/test_engine.py"),
        by_hand=True,
    ),
    Fault(
        6,
        "a registry that is away",
        "a registry over HTTP answers 503 for 3 s and longer (long: 300 s)",
        "known schemas go on; an unknown one holds its partition and is no dead letter",
        inputs.registry_down,
        also=("tests/contracts/test_registry.py",),
    ),
    Fault(
        7,
        "brokers that restart",
        "three brokers: the leaders of the state topic alone move; the coordinator is killed",
        "the worker goes on, or ends and is started again",
        brokers.restarts,
        also=("tests/faults/test_engine_kill.py",),
        by_hand=True,
    ),
    Fault(
        8,
        "a frozen broker",
        "SIGSTOP for 15 s (long: 90 s) under load, then SIGCONT",
        "nothing is committed past what is kept",
        brokers.frozen,
    ),
    Fault(
        9,
        "too few replicas in step",
        "two of three brokers away for 12 s (long: 120 s) where two replicas must have a record",
        "senders and worker wait, nothing is lost, all goes on by itself",
        brokers.too_few_replicas,
        by_hand=True,
    ),
    Fault(
        10,
        "workers that leave and return",
        "one of three leaves and returns once (long: every 10 s, 10 times), with and "
        "without static membership",
        "nothing lost or doubled; the group's generation rose as expected",
        membership.storm,
        also=("tests/faults/test_engine_kill.py",),
    ),
    Fault(
        11,
        "a frozen worker that wakes up",
        "SIGSTOP until another worker has its partitions (long: 120 s), then SIGCONT",
        "what it had in hand counts for nothing; it ends or joins again",
        membership.frozen,
    ),
    Fault(
        12,
        "doubled, late and out of order",
        "random cases: facts again, late, in another order, corrected, voided; a late calendar",
        "clocks and signals are those of the model",
        inputs.doubled_and_out_of_order,
    ),
    Fault(
        13,
        "a clock that jumps",
        "clocks of the test's own: ten minutes forward and back, a leap second, summer time",
        "no timer wakes early, a jump forward is held and said, each instant still comes",
        clocks.jumps,
        also=(clocks.RULES,),
    ),
    Fault(
        14,
        "timers that fell due meanwhile",
        "5,000 timers (long: 50,000) fall due while no worker is there; facts go on arriving",
        "each fires once; how long facts waited meanwhile is said",
        timers.downtime,
    ),
    Fault(
        15,
        "the log from zero under a new name",
        "random cases with late facts, retractions and a late calendar; then another streams id "
        "over the state that is there",
        "no new message, state equal to the byte; then time goes on and the next rungs fire",
        replay.from_zero,
    ),
    Fault(
        16,
        "a full or read-only disk",
        "the worker's data directory on a small disk that is full, then read-only (long: that "
        "fills up while it works)",
        "the process ends and says why; with room again it goes on, state is the rules'",
        disks.full_or_read_only,
        also=("tests/rules/test_closed_cases.py",),
    ),
    Fault(
        17,
        "a data directory that is gone or old",
        "that of a worker with all cases on disk is deleted, then replaced by an old copy",
        "what it lacks comes back from `case-state`; no case of the old copy comes to life",
        disks.gone_or_old,
        also=("tests/faults/test_closed_cases.py", "tests/flows/test_store_on_disk.py"),
    ),
    Fault(
        18,
        "a compacted state topic",
        "segments of 200 ms, the cleaner at work, one partition without a record",
        "the restore comes to its end, counts are the model's",
        disks.compacted,
    ),
    Fault(
        21,
        "a bad network",
        "a namespace of its own: 100 ms each way and 2 % loss, then nothing, 8 s each (long: 60 s)",
        "nothing lost, nothing fired twice",
        network.bad_network,
        by_hand=True,
    ),
    Fault(
        22,
        "a soak",
        "200 records a second for 60 s, a kill every 15 s (long: 24 h, every 10 minutes)",
        "counts are the model's; memory and open files are said",
        soak.soak,
        by_hand=True,
    ),
    Fault(
        23,
        "an upgrade and back",
        "a worker that writes the state's present form, one that writes the next, and again",
        "each goes on from what the other wrote; state and alerts are the rules'",
        upgrade.there_and_back,
    ),
    Fault(
        24,
        "timers by the million",
        "100,000 timers open, 1,000 due in one second (long: 1,000,000 and 10,000)",
        "each that is due fires once, none early; how late is said",
        timers.at_once,
        by_hand=True,
    ),
)
BY_NUMBER = {fault.number: fault for fault in CATALOGUE}
