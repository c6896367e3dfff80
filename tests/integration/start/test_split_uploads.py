"""A shop of several machines: bot, web and worker each with a folder of its own, and nothing in common but PostgreSQL,
Redis and a bucket. A model is sent, tried, sold, followed by the next version, taken back and removed."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from sandbox.client.person import Person
from sandbox.testing import new_world, running_sandbox
from services.billing.audit import run_audit
from tests.crash.opening import open_database
from tests.integration.start.house import House, kassandra
from tests.support.databases import PostgresServer
from tests.support.redis import find_redis
from tests.support.s3 import BUCKET, login, s3_server
from tests.support.uploads import linear
from tests.support.waiting import until

pytestmark = pytest.mark.slow
PATIENCE = 60.0  # seconds, on a machine of four processes


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """`environment`: of all of them."""

    root: Path
    environment: dict[str, str]
    database_url: str
    olga: Person
    anna: Person

    @asynccontextmanager
    async def runs(self, part: str, *, name: str = "") -> AsyncIterator[House]:
        folder = self.root / (name or part)
        (folder / "models").mkdir(parents=True)
        async with kassandra(folder, part, **self.environment, MODELS_DIR=str(folder / "models")) as house:
            await house.logs("telegram_connected" if part == "bot" else "started")
            yield house

    def fetched(self, name: str) -> bool:
        """Whether this machine has files of an uploaded model."""
        return any((self.root / name / "data" / "uploaded-models").glob("*/fares/model.onnx"))

    async def answers(self, text: str) -> None:
        """To whoever buys: at most a look later the present version does."""

        async def bought() -> bool:
            await self.anna.says("/start model_fares")
            await self.anna.presses("▶️", within=PATIENCE)
            await self.anna.says("20")
            await self.anna.presses("🔮", within=PATIENCE)
            return text in (await self.anna.sees("Roubles:", within=PATIENCE)).text

        await until(bought, seconds=2 * PATIENCE)


@pytest.fixture
async def machines(postgres_server: PostgresServer, tmp_path: Path) -> AsyncIterator[Machines]:
    import boto3

    url = postgres_server.create()
    with s3_server() as s3:
        keys = login(s3)
        boto3.client(
            "s3",
            endpoint_url=s3,
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            region_name=keys["AWS_REGION"],
        ).create_bucket(Bucket=BUCKET)
        async with running_sandbox() as telegram, new_world(telegram) as sandbox:
            assert sandbox.token is not None
            olga = await sandbox.person("Ольга", language_code="ru")
            shared = {
                "BOT_TOKEN": sandbox.token,
                "TELEGRAM_API_URL": telegram,
                "DATABASE_URL": url,
                "REDIS_URL": find_redis(),
                "FILES_URL": f"s3://{BUCKET}/{uuid4().hex}",
                "OWNER_IDS": str(olga.id),
                "HOME": os.environ.get("HOME", "/"),
            }
            yield Machines(
                root=tmp_path,
                environment=shared | keys,
                database_url=url,
                olga=olga,
                anna=await sandbox.person("Анна", language_code="ru"),
            )
    postgres_server.drop(url)


async def test_from_a_file_to_its_removal(machines: Machines) -> None:
    olga, anna = machines.olga, machines.anna
    async with AsyncExitStack() as running:
        web = await running.enter_async_context(machines.runs("web"))
        await running.enter_async_context(machines.runs("bot"))
        worker = await running.enter_async_context(machines.runs("worker"))
        await olga.sends_file("fares.onnx", linear(7.0))
        await olga.sees("🧪 Черновик", within=PATIENCE)
        await olga.presses("▶️ Попробовать бесплатно", within=PATIENCE)
        await olga.says("10")
        await olga.presses("🔮", within=PATIENCE)
        await olga.sees("Roubles: 27", within=PATIENCE)
        await olga.presses("🧪 К карточке", within=PATIENCE)
        await olga.presses("🟢 Опубликовать", within=PATIENCE)
        for told in ("Проезд", "Fares", "0"):
            await olga.says(told)
        await olga.sees("✅ Всё названо", within=PATIENCE)
        await olga.presses("🟢 Опубликовать", within=PATIENCE)
        await olga.sees("🟢 Продаётся", within=PATIENCE)
        await until(lambda: _shows(web, 200), seconds=PATIENCE)
        await machines.answers("Roubles: 47")
        assert all(map(machines.fetched, ("web", "bot", "worker")))

        await olga.sends_file("fares.onnx", linear(9.0))
        await olga.presses("⬆️ Новая версия", within=PATIENCE)
        await olga.sees("Сравнение с версией 1", within=PATIENCE)
        await olga.presses("🟢 Опубликовать", within=PATIENCE)
        await machines.answers("Roubles: 49")

        worker.process.kill()
        await running.enter_async_context(machines.runs("worker", name="another worker"))
        await machines.answers("Roubles: 49")
        assert machines.fetched("another worker")

        await olga.presses("↩️ Вернуть версию 1", within=PATIENCE)
        await machines.answers("Roubles: 47")
        await olga.presses("🧠 К модели", within=PATIENCE)
        await olga.presses("🧬 Версии", within=PATIENCE)
        await olga.presses("🗑 Удалить из магазина", within=PATIENCE)
        await olga.presses("🗑 Удалить", within=PATIENCE)
        await olga.sees("больше нет в магазине", within=PATIENCE)
        await until(lambda: _shows(web, 404), seconds=PATIENCE)
        await anna.says("/history")
        await anna.presses("· Проезд", within=PATIENCE)
        await anna.sees("Roubles: 47", within=PATIENCE)
    async with open_database(machines.database_url) as database:
        report = await run_audit(database)
        assert report.ok, str(report)


async def _shows(web: House, status: int) -> bool:
    return await web.answers("/models/fares") == status
