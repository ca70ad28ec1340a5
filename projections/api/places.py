"""Where a reader of `alerts` stands: the next offset of each partition, as text and back.

"0:12,1:7" means: partition 0 has been read before offset 12, partition 1 before 7. The text is the
id of every streamed event, so a client that shows it again goes on exactly there.
"""

from collections.abc import Mapping

Places = dict[int, int]


def to_text(places: Mapping[int, int]) -> str:
    """0:12,1:7, in order of the partitions."""
    return ",".join(f"{partition}:{places[partition]}" for partition in sorted(places))


def from_text(text: str) -> Places:
    """Places of a text. Raises `ValueError` with a sentence when it is none."""
    places: Places = {}
    for part in text.split(","):
        partition, colon, offset = part.strip().partition(":")
        if not (colon and partition.isdecimal() and offset.isdecimal()):
            raise ValueError(f"{text!r} is no place in the stream; it looks like 0:12,1:7")
        places[int(partition)] = int(offset)
    return places
