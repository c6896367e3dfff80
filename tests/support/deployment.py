"""What deploy/ says, read as Docker reads it; as much of both formats as is used there."""

import json
import re
import shlex
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """`run`: the commands that make it, without those that fetch packages."""

    run: list[str]
    environment: dict[str, str]
    folder: str
    user: str
    command: list[str]
    health: list[str]
    volumes: list[str]


# What installs packages and locales: it needs a registry, and would change the machine that tests.
INSTALLS = ("pip ", "apt-get ", "sed ", "locale-gen", "rm ")


def read_dockerfile(path: Path) -> Image:
    lines = re.sub(r"^#.*\n", "", path.read_text(), flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    said = [tuple(line.split(None, 1)) for line in lines if line.strip()]

    def all_of(word: str) -> list[str]:
        return [rest for name, rest in said if name == word]

    steps = [step.strip() for run in all_of("RUN") for step in run.split("&&")]
    environment = dict(pair.split("=", 1) for rest in all_of("ENV") for pair in shlex.split(rest))
    (health,) = all_of("HEALTHCHECK")
    return Image(
        run=[step for step in steps if not step.startswith(INSTALLS)],
        environment=environment,
        folder=all_of("WORKDIR")[-1],
        user=all_of("USER")[-1],
        command=json.loads(all_of("CMD")[-1]),
        health=json.loads(health.partition("CMD ")[2]),
        volumes=all_of("VOLUME"),
    )


def read_service(path: Path) -> dict[str, Any]:  # Any: YAML's values
    """The one service of a compose file: keys with a text, a JSON list, or keys of their own below."""
    service: dict[str, Any] = {}
    below: dict[str, str] = {}
    for line in path.read_text().splitlines():
        found = re.fullmatch(r"( {4}| {6})(\w+):\s*(.*?)(?:\s+#.*|#.*)?", line)
        if found is None:
            continue
        indent, name, value = found.groups()
        if len(indent) == 6:
            below[name] = value
        elif value:
            service[name] = json.loads(value) if value.startswith("[") else value
        else:
            below = service[name] = {}
    return service


def read_env_file(path: Path) -> dict[str, str]:
    """As compose does: what comes after a space and # is a comment."""
    lines = [line.partition(" #")[0].strip() for line in path.read_text().splitlines()]
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def copied_into_the_image() -> list[Path]:
    """What of the project's folder `COPY . .` takes."""
    left_out = [line.strip() for line in (ROOT / ".dockerignore").read_text().splitlines() if line.strip()]
    return [each for each in ROOT.iterdir() if not any(fnmatch(each.name, name) for name in left_out)]
