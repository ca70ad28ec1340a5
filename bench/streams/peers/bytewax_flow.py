"""Bytewax: keyed state in its operator, outputs through its Kafka sink, recovery off (its default).

It joins no consumer group: the flow ends at the end of the topic, with every output acknowledged.
"""

from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.run import cli_main

from bench.streams.rule import EVERY, Meter, told, updated

Held = list[bytes]  # one element: the state of a key
METER = Meter()
HELD: dict[bytes, Held] = {}  # the same lists as the operator has, for checking


def rule(held: Held | None, message: Any) -> tuple[Held, list[KafkaSinkMessage[bytes, bytes]]]:
    """One record of a key."""
    METER.takes()
    if held is None:
        held = HELD[message.key] = [updated(None, message.value)]
    else:
        held[0] = updated(held[0], message.value)
    if message.offset % EVERY:
        return held, []
    return held, [KafkaSinkMessage(message.key, held[0])]


def main() -> None:
    """Run the flow to its end."""
    brokers = [told("broker")]
    flow = Dataflow("counting")
    source = op.input("in", flow, KafkaSource(brokers, [told("source")], tail=False))
    keyed = op.key_on("key", source, lambda message: message.key.decode())
    counted = op.stateful_flat_map("rule", keyed, rule)
    op.output("out", op.key_rm("unkey", counted), KafkaSink(brokers, told("output")))
    cli_main(flow)
    METER.holds({key: held[0] for key, held in HELD.items()})


if __name__ == "__main__":
    main()
