"""`kassandra doctor` looks at models at servers too, in the midst of its own asking."""

from pathlib import Path

from bot.doctor.examine import examine
from bot.doctor.findings import Finding, State
from sandbox.client.inference import Inference
from sandbox.client.sandbox import Sandbox
from tests.conversations.stage import shop_settings
from tests.integration.open_inference.manifests import manifest_text
from tests.support.clock import START


async def test_a_server_that_is_there_and_not(
    sandbox: Sandbox, server: Inference, sqlite_url: str, tmp_path: Path
) -> None:
    (tmp_path / "iris").mkdir()
    (tmp_path / "iris" / "manifest.toml").write_text(manifest_text("iris", server.url))
    settings = shop_settings(sandbox, sqlite_url, models_dir=tmp_path)

    async def models() -> Finding:
        (found,) = [each async for each in examine(settings, lambda: START) if each.name == "models"]
        return found

    assert (await models()).state is State.OK
    await server.unloads("iris")
    away = await models()
    assert away.state is State.FAILED
    assert "unknown model" in away.text or "not ready" in away.text
