"""The warehouse of the embedded stack: one process that owns chDB and speaks ClickHouse's HTTP.

`python -m deploy.local.warehouse` serves until SIGTERM or SIGINT. Its users are the owner
(`settings().warehouse_user`, reads and writes) and the reader (`settings().warehouse_reader`, one
reading statement at a time, limited); each needs its token. It listens on the loopback only.
"""

import fcntl
import os
import signal
import sys
import threading
from pathlib import Path
from typing import IO

from deploy.local.warehouse_accounts import accounts
from deploy.local.warehouse_engine import Engine, private_temp
from deploy.local.warehouse_http import Door
from duban.settings import Settings, settings


class Held(Exception):
    """Another process owns the data directory."""


def hold(data: Path) -> IO[str]:
    """Take the data directory for this process; the kernel lets go of it when the process ends."""
    data.mkdir(parents=True, exist_ok=True)
    file = (data / "warehouse.lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        owner = file.read().strip() or "unknown"
        raise Held(
            f"{data} is held by the warehouse with process id {owner}. Ask it over HTTP"
            f" ({settings().url('warehouse')}), or stop it with `duban down`."
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def serve(given: Settings) -> None:
    """Open the engine, listen, and stay until a signal says stop; running queries are finished."""
    data = given.data.resolve()
    lock = hold(data)
    private_temp(data)
    engine = Engine(data / "warehouse", given.zone)
    door = Door(("127.0.0.1", given.port("warehouse")), engine, accounts(given))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=door.shutdown).start())
    print(f"warehouse ready on 127.0.0.1:{given.port('warehouse')}", file=sys.stderr, flush=True)
    try:
        door.serve_forever(poll_interval=0.2)
    finally:
        door.server_close()
        engine.close()
        lock.close()


def main() -> int:
    """Run; 0 after a stop that was asked for, 1 with one sentence when it cannot start."""
    given = settings()
    if not accounts(given):
        print("No warehouse token is set: start it with `duban up`.", file=sys.stderr)
        return 1
    try:
        serve(given)
    except Held as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        port = given.port("warehouse")
        print(f"Cannot listen on 127.0.0.1:{port}: {error.strerror}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
