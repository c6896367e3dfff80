"""`kassandra doctor` on how well a machine shuts in strangers' models."""

import asyncio
import json
import subprocess
import sys

import pytest

from bot.doctor.confinement import ELSEWHERE, FILES, NETWORK, confinement, judge_confinement
from bot.doctor.findings import State
from services.inference.runtimes.isolated.probe import Confinement


@pytest.mark.parametrize(
    ("network", "files", "reached", "fix"),
    [
        (False, True, "could reach the network", NETWORK),
        (True, False, "could reach the shop's files", FILES),
        (False, False, "could reach the network and the shop's files", f"{NETWORK}; {FILES}"),
    ],
)
def test_what_could_be_reached(network: bool, files: bool, reached: str, fix: str) -> None:
    found = judge_confinement(Confinement(network=network, files=files), platform="linux")
    assert (found.state, found.fix) == (State.WARNING, fix)
    assert found.text.endswith(reached)
    assert judge_confinement(Confinement(network=network, files=files), platform="darwin").fix == ELSEWHERE


def test_nothing() -> None:
    assert judge_confinement(Confinement(network=True, files=True)).state is State.OK


def test_this_machine() -> None:
    """As a model's own process finds it."""
    code = (
        "from services.inference.runtimes.isolated.confinement import *; import json;"
        "print(json.dumps([leave_network(), leave_files(readable=[])]))"
    )
    told = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    here = asyncio.run(Confinement.here())
    assert [here.network, here.files] == told
    assert asyncio.run(confinement()).state is (State.OK if all(told) else State.WARNING)
