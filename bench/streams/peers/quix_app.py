"""Quix Streams: RocksDB state and its changelog; the argument is its processing guarantee.

It commits every five seconds by default, and once more when it is told to stop at the end.
"""

import sys
from typing import Any

from quixstreams import Application, State, message_context

from bench.streams.rule import EVERY, Meter, told, updated

KEY = b"s"


def main() -> None:
    """Run until the load has been counted."""
    meter = Meter()
    guarantee: Any = sys.argv[1]
    app = Application(
        told("broker"),
        consumer_group=told("group"),
        auto_offset_reset="earliest",
        processing_guarantee=guarantee,
        state_dir=f"{told('folder')}/state",
        loglevel="WARNING",
    )
    source = app.topic(told("source"), key_deserializer="bytes", value_deserializer="bytes")
    output = app.topic(told("output"), key_serializer="bytes", value_serializer="bytes")

    def rule(value: bytes, state: State) -> bytes | None:
        meter.takes()
        after = updated(state.get_bytes(KEY), value)
        state.set_bytes(KEY, after)
        if meter.complete:
            app.stop()
        return after if message_context().offset % EVERY == 0 else None

    stream = app.dataframe(source).apply(rule, stateful=True)
    stream.filter(lambda after: after is not None).to_topic(output)
    app.run()


if __name__ == "__main__":
    main()
