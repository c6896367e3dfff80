"""The doctor's look at how well this machine shuts in strangers' models."""

import sys
from typing import Final

from bot.doctor.findings import Finding, good, poor
from services.inference.runtimes.isolated.probe import Confinement

NETWORK: Final = (
    "let processes make namespaces of their own: sysctl kernel.apparmor_restrict_unprivileged_userns=0 or"
    " kernel.unprivileged_userns_clone=1; in Docker a seccomp profile that allows unshare"
)
FILES: Final = "take Linux 5.13 or newer with Landlock (cat /sys/kernel/security/lsm); in Docker 20.10.10 or newer"
ELSEWHERE: Final = "run the workers on Linux before you sell models that you did not make yourself"


async def confinement() -> Finding:
    return judge_confinement(await Confinement.here())


def judge_confinement(here: Confinement, *, platform: str = sys.platform) -> Finding:
    """Models of your own need none of it."""
    name = "confinement"
    if here.network and here.files:
        return good(name, "uploaded and isolated models, and what reads them, have no network and no other files")
    reached = {"the network": here.network, "the shop's files": here.files}
    could = " and ".join(what for what, shut in reached.items() if not shut)
    fixes = [fix for fix, shut in ((NETWORK, here.network), (FILES, here.files)) if not shut]
    fix = "; ".join(fixes) if platform == "linux" else ELSEWHERE
    return poor(name, f"a hostile model that is uploaded, or isolated, could reach {could}", fix)
