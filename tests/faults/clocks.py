"""A clock that jumps, told with clocks of the test's own: nobody may set the machine's."""

import subprocess
import sys

from tests.engine.rig import ROOT
from tests.faults.scene import Scene

RULES = "tests/rules/test_business_time.py"


def jumps(scene: Scene) -> None:
    """Fault 13: ten minutes forward and back, a smeared leap second, days of summer time."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", RULES]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:]
    scene.say(done.stdout.splitlines()[-1].strip())
