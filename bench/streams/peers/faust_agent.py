"""Plain Faust: an agent and a table, with Faust's settings or, as `tuned`, with better ones.

Both have what is needed to be right: the table as many partitions as the source.
"""

import sys
from typing import Any

from bench.streams.rule import EVERY, Meter, told, updated

PARTITIONS = 4
TUNED = {
    "broker_max_poll_records": 4000,
    "consumer_max_fetch_size": 8 << 20,
    "stream_buffer_maxsize": 32_768,
    "stream_wait_empty": False,
    "producer_linger": 0.01,
    "producer_max_batch_size": 512 << 10,
    "broker_commit_every": 100_000,
}


def main(tuned: bool) -> None:
    """Run a worker until it is stopped."""
    if tuned:
        import uvloop

        uvloop.install()
    import faust

    meter = Meter()
    options: dict[str, Any] = TUNED if tuned else {}
    app = faust.App(
        told("group"),
        broker=f"kafka://{told('broker')}",
        topic_partitions=PARTITIONS,
        datadir=f"{told('folder')}/faust",
        **options,
    )
    raw: dict[str, Any] = {"key_type": bytes, "key_serializer": "raw"}
    raw |= {"value_type": bytes, "value_serializer": "raw"}
    source, output = app.topic(told("source"), **raw), app.topic(told("output"), **raw)
    counts = app.Table("counts", key_type=bytes, value_type=bytes)

    @app.agent(source)  # type: ignore[untyped-decorator]  # faust is untyped
    async def count(stream: Any) -> None:
        async for event in stream.events():
            meter.takes()
            key = event.key
            after = counts[key] = updated(counts.get(key), event.value)
            if event.message.offset % EVERY == 0:
                await output.send(key=key, value=after)

    sys.argv[1:] = ["worker", "--without-web", "-l", "ERROR"]
    app.main()


if __name__ == "__main__":
    main(sys.argv[1:] == ["tuned"])
