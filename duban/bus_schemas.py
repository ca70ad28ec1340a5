"""Writer schemas on topic `reference`: a reader without our files can still decode, for ever."""

from duban.avro import newest
from duban.bus_read import read_all


def schema_key(event_type: str) -> bytes:
    """Key of the newest schema of a type: by fingerprint, so that no two writers collide."""
    schema = newest()[event_type]
    return f"schema:{schema.fingerprint:016x}@{schema.version}".encode()


def published_schemas() -> set[bytes]:
    """Keys of the schemas that lie on `reference` now."""
    keys = (record.key for record in read_all("reference", partition=0))
    return {key for key in keys if key and key.startswith(b"schema:")}
