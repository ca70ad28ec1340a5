"""A bad network between worker and broker, in a network namespace of its own.

`python -m tests.faults.network` is the inner part: everything on the loopback of its namespace.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.engine.rig import ROOT
from tests.faults.brokers import Watched
from tests.faults.invariants import settle
from tests.faults.scene import Scene, Skipped
from tests.stack import wait_for

# Each packet crosses the loopback once: 100 ms each way, give or take 50, one in fifty lost.
BAD = ("delay", "100ms", "50ms", "loss", "2%")
UP = "ip link set lo up && "
HALF = 77  # exit code: what the kernel can do was done


def bad_network(scene: Scene) -> None:
    """Fault 21: latency and loss, then nothing comes through for a while."""
    if missing := [name for name in ("ip", "tc", "unshare") if shutil.which(name) is None]:
        raise Skipped(f"there is no `{missing[0]}` here")
    seconds = 60 if scene.long else 8
    inner = f"exec {sys.executable} -u -m tests.faults.network {seconds}"
    done = subprocess.run(["unshare", "--net", "true"], capture_output=True, text=True)
    if done.returncode != 0:
        raise Skipped(f"no network namespace: {done.stderr.strip()}")
    command = ["unshare", "--net", "sh", "-c", UP + inner]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    for line in ran.stdout.splitlines():
        scene.say(line)
    if ran.returncode == HALF:
        raise Skipped("no netem here: latency and loss were left out; the rest passed")
    assert ran.returncode == 0, ran.stderr[-3000:]


def within(scene: Scene, seconds: float) -> bool:
    """The trial itself, where the loopback is one's own; whether the kernel could do all of it."""
    with scene.rig() as rig:
        watched = Watched(rig)
        with rig.steady_load(200):
            time.sleep(2)
            shaped = _shape("add", "netem", *BAD)
            if shaped:
                time.sleep(seconds)
                scene.say(f"bad network: {rig.sent - rig.committed()} records in flight")
                _shape("del")
            subprocess.run(["ip", "link", "set", "lo", "down"], check=True)
            time.sleep(seconds)
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            scene.say(f"nothing came through for {seconds:.0f} s")
        wait_for(watched.see_to_it, "all is applied", 180, 0.5)
        settle(rig)
        scene.say(watched.told())
    return shaped


def _shape(do: str, *how: str) -> bool:
    """Whether the kernel can do it."""
    done = subprocess.run(["tc", "qdisc", do, "dev", "lo", "root", *how], capture_output=True)
    return done.returncode == 0


def main() -> None:
    """The inner part."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        scene = Scene(Path(directory))
        try:
            whole = within(scene, float(sys.argv[1]))
        finally:
            scene.close()
    sys.exit(0 if whole else HALF)


if __name__ == "__main__":
    main()
