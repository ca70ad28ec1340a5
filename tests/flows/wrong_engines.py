"""Engines that do the counting rule wrongly; the bench must give none of them a figure.

Each is the loop on bare aiokafka with one thing planted: `forgets` the second record of a key,
sends on `too-little`, or `dies`.
"""

import asyncio
import sys

from bench.streams.peers import aiokafka_loop
from bench.streams.rule import EVERY, HEAD, updated


def forgets(held: bytes | None, value: bytes) -> bytes:
    """The rule, but for one record of each key."""
    if held is not None and HEAD.unpack_from(held)[0] == 1 and value.endswith(b"\x00"):
        return held
    return updated(held, value)


def main() -> None:
    """Run the engine that the argument names."""
    match sys.argv[1]:
        case "forgets":
            aiokafka_loop.updated = forgets
        case "too-little":
            aiokafka_loop.EVERY = EVERY + 1
        case "dies":
            sys.exit("no memory left")
    asyncio.run(aiokafka_loop.main())


if __name__ == "__main__":
    main()
