"""`cp .env.example .env`, token in, `docker compose up`: a shop that can be reached, looked after and stopped."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from db.migrate import current_revision, head_revision
from sandbox.settings import DEFAULT_TOKEN
from sandbox.testing import sandbox_process
from tests.support.container import Container, running, wire
from tests.support.deployment import ROOT, Image, read_dockerfile, read_env_file, read_service
from tests.support.waiting import until


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    container: Container
    image: Image
    address: str
    volume: Path
    log: Path

    async def is_there(self) -> bool:
        """Looked at from the machine around it."""
        try:
            async with aiohttp.request("GET", f"http://{self.address}:8080/healthz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


@pytest.fixture
async def deployed(tmp_path: Path) -> AsyncIterator[Deployed]:
    image, volume, log = read_dockerfile(ROOT / "deploy/Dockerfile"), tmp_path / "volume", tmp_path / "log"
    volume.mkdir()
    with wire() as network:
        async with sandbox_process("--host", network.here) as telegram:
            given = variables(tmp_path, telegram)
            with running(image, network, given, volume, log) as container:
                shop = Deployed(container=container, image=image, address=network.there, volume=volume, log=log)
                try:
                    await until(shop.is_there, seconds=60)
                    yield shop
                finally:
                    print(log.read_text(errors="replace"))  # noqa: T201 - pytest shows it where something failed


def variables(folder: Path, telegram: str) -> dict[str, str]:
    """What compose hands over: `.env` as it was copied but for the token, then its own."""
    env = folder / ".env"
    example = (ROOT / ".env.example").read_text()
    env.write_text(example.replace("123456:put-the-token-from-BotFather-here", DEFAULT_TOKEN))
    service = read_service(ROOT / "deploy/compose.yaml")
    assert service["env_file"] == "../.env"
    own: dict[str, str] = service.get("environment", {})
    return read_env_file(env) | {"TELEGRAM_API_URL": telegram} | own


@pytest.mark.slow
async def test_a_copied_example_makes_a_shop_that_can_be_reached(deployed: Deployed) -> None:
    health = deployed.container.do(*deployed.image.health)
    assert (health.returncode, health.stderr) == (0, "")

    database = deployed.volume / "kassandra.db"
    user = int(deployed.container.do("id", "-u").stdout)
    assert user != 0
    assert {path.stat().st_uid for path in (deployed.volume, database)} == {user}
    assert current_revision(f"sqlite:///{database}") == head_revision()

    refused = deployed.container.do("touch", f"{deployed.image.folder}/bot/x")
    assert "Read-only file system" in refused.stderr
    program = "from services.charts import *; draw(Bars(title='', bars=(Bar(label='', share=1, text=''),)))"
    drawn = deployed.container.do("python", "-W", "error", "-c", program)
    assert (drawn.returncode, drawn.stderr) == (0, "")  # fonts are there, and a place for their cache
    assert deployed.container.do("python", "-c", "print('Риск → 5 ₽')").stdout == "Риск → 5 ₽\n"

    assert deployed.container.stop() == 0
    told = deployed.log.read_text()
    assert "models=3" in told
    assert "stopping" in told
    assert "Traceback" not in told
