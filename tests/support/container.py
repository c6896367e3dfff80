"""A namespace that stands for a container: its own processes, network, name and files, the image's user, and nothing to
write to but its volume and /tmp. Linux, root and iproute2 are needed; Docker is not."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.deployment import Image, copied_into_the_image

ROOT_FOLDER = "/mnt"  # in the container's own mounts only
NAME = "kassandra-test"
TOOLS = ("ip", "unshare", "nsenter", "setpriv", "chroot", "useradd")
PATHS = [path for path in (sys.base_prefix, sys.prefix) if not path.startswith("/usr")]

MAKE = """
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs {root}
cd {root}
mkdir -p proc dev etc tmp .{app}
for folder in /bin /sbin /lib /lib64 /usr; do
  if [ -L $folder ]; then cp -a $folder .; elif [ -d $folder ]; then mkdir .$folder; mount --rbind $folder .$folder; fi
done
borrow() {{ for path in {paths}; do mkdir -p .$path; mount --rbind $path .$path; done; }}
borrow
cp -a /etc/. etc
mount --rbind /dev dev
cp -a {sources} .{app}
hostname {name}
echo "{address} {name}" > etc/hosts
ip link set lo up
chroot . /usr/bin/env PATH={path} /bin/sh -ec {build}
cp -a .{app}/data/. {volume}
chown --reference=.{app}/data {volume}
mount --bind {volume} .{app}/data
mount -t proc proc proc
mount -o remount,ro .
mount -t tmpfs -o mode=1777 tmpfs tmp
borrow
exec chroot . /usr/bin/env -i {variables} {enter}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A network between this machine and a container that is to come."""

    name: str
    here: str
    there: str


@contextmanager
def wire() -> Iterator[Wire]:
    """Skips where namespaces are not allowed."""
    missing = [tool for tool in TOOLS if shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None]
    if os.geteuid() != 0 or missing:
        pytest.skip(f"a container needs root and {', '.join(missing) or 'nothing else'}")
    number = os.getpid()
    net, last = f"10.213.{number >> 6 & 255}", (number & 63) * 4
    made = Wire(name=f"kt{number}", here=f"{net}.{last + 1}", there=f"{net}.{last + 2}")
    try:
        for command in (
            f"ip netns add {made.name}",
            f"ip link add {made.name} type veth peer name eth0 netns {made.name}",
            f"ip addr add {made.here}/30 dev {made.name}",
            f"ip link set {made.name} up",
            f"ip -n {made.name} addr add {made.there}/30 dev eth0",
            f"ip -n {made.name} link set eth0 up",
            f"ip netns exec {made.name} unshare --mount --uts --ipc --pid --fork true",
        ):
            done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=False)
            if done.returncode != 0:
                pytest.skip(f"namespaces are not allowed here: {command}: {done.stderr.strip()}")
        yield made
    finally:
        for end in (("link", "del", made.name), ("netns", "del", made.name)):
            subprocess.run(["ip", *end], check=False, capture_output=True)


class Container:
    def __init__(self, process: "subprocess.Popen[bytes]", variables: Mapping[str, str], image: Image) -> None:
        self._process, self._variables, self._image = process, variables, image

    def do(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """As `docker exec`."""
        into = ["nsenter", "-t", str(self._first()), "-m", "-u", "-i", "-n", "-p", "-r", "-w", "/usr/bin/env", "-i"]
        line = [*into, *pairs(self._variables), *entering(self._image, command)]
        return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)

    def stop(self) -> int:
        """As `docker stop`: its exit code, or TimeoutExpired where Docker would kill."""
        os.kill(self._first(), signal.SIGTERM)
        return self._process.wait(timeout=20)

    def _first(self) -> int:
        """Its process 1, as it is numbered out here."""
        parent = self._process.pid
        return int(Path(f"/proc/{parent}/task/{parent}/children").read_text().split()[0])


@contextmanager
def running(image: Image, network: Wire, given: Mapping[str, str], volume: Path, log: Path) -> Iterator[Container]:
    """Build what can be built of the image and run its command. `given`: as `env_file` and `environment` have it."""
    path = ":".join([f"{sys.prefix}/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"])
    variables = {"PATH": path, "HOME": image.folder, "PYTHONPATH": image.folder} | image.environment | dict(given)
    script = MAKE.format(
        root=ROOT_FOLDER,
        app=image.folder,
        paths=shlex.join(PATHS),
        sources=shlex.join(map(str, copied_into_the_image())),
        name=NAME,
        address=network.there,
        path=path,
        build=shlex.quote("; ".join([f"cd {image.folder}", *image.run])),
        volume=shlex.quote(str(volume)),
        variables=shlex.join(pairs(variables)),
        enter=shlex.join(entering(image, image.command)),
    )
    command = ["ip", "netns", "exec", network.name, "unshare", "--mount", "--uts", "--ipc", "--pid", "--fork"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--kill-child", "/bin/sh", "-ec", script], stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield Container(process, variables, image)
        finally:
            process.kill()
            process.wait()


def pairs(variables: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in variables.items()]


def entering(image: Image, command: list[str] | tuple[str, ...]) -> list[str]:
    """The command as the image's user, who can gain nothing more."""
    user = ["--reuid", image.user, "--regid", image.user, "--clear-groups"]
    bounds = ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
    return ["/bin/sh", "-ec", f'cd {image.folder}; exec "$@"', "sh", "setpriv", *user, *bounds, *command]
