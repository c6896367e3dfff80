"""Whatever the photos, painting stays within its memory, and gives it back."""

import subprocess
import sys

import pytest

MOST = 450  # megabytes of a process that does nothing else: 374 to 406 were seen


def painted(count: int) -> list[list[int]]:
    """What was held after a fifth and after all, and at the most."""
    command = [sys.executable, "-m", "tests.unit.inference.painting_process", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [[int(figure) for figure in line.split()] for line in done.stdout.splitlines()]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells what a process holds")
def test_five_hundred_photos() -> None:
    (_, early), (_, most) = painted(500)
    assert most < MOST
    assert most <= early * 1.2
