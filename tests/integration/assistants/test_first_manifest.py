"""First manifests of assistants from the sandbox's AI provider, and their check, with usual mistakes."""

import argparse
import asyncio
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.cli.models_arguments import add_models
from bot.errors import Failure
from sandbox.client.openai import OpenAIProvider
from sandbox.openai.server import MODEL
from sandbox.testing import new_world, running_sandbox


@pytest.fixture
async def provider() -> AsyncIterator[OpenAIProvider]:
    async with running_sandbox() as url, new_world(url) as world:
        yield world.openai()


async def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    add_models(parser)
    arguments = parser.parse_args(words)
    code: int = await asyncio.to_thread(arguments.command, arguments)
    return code


async def init(url: str, model: str, folder: Path, *more: str) -> int:
    return await run("init", "--from", url, model, "--to", str(folder), *more)


async def test_who_forgets_the_kind_is_told(provider: OpenAIProvider, tmp_path: Path) -> None:
    for url in (provider.url, "http://127.0.0.1:9/v1"):
        with pytest.raises(Failure, match=r"for a language model add --kind chat"):
            await init(url, MODEL, tmp_path / "sage")
        with pytest.raises(Failure) as caught:
            await init(url, MODEL, tmp_path / "sage", "--kind", "open-inference")
        assert "--kind" not in str(caught.value)


async def test_an_address_without_its_version(
    provider: OpenAIProvider, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sage"
    assert await init(provider.url.removesuffix("/v1"), MODEL, folder, "--kind", "chat") == 0
    assert f"url: {provider.url} (the server lists its models there)" in capsys.readouterr().out
    manifest = folder / "manifest.toml"
    assert tomllib.loads(manifest.read_text())["runtime"]["url"] == provider.url
    assert await run("check", str(folder)) == 0
    manifest.write_text(manifest.read_text().replace(provider.url, provider.url.removesuffix("/v1")))
    capsys.readouterr()
    assert await run("check", str(folder)) == 1
    assert f'not what it is asked for. Write url = "{provider.url}"' in capsys.readouterr().out


async def test_an_address_that_lists_nothing_is_doubted(
    provider: OpenAIProvider, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = provider.url.replace("/v1", "/v9/v1")
    assert await init(url, MODEL, tmp_path / "sage", "--kind", "chat") == 0
    assert f"url: {url} (guessed: the server lists no models there" in capsys.readouterr().out


async def test_a_name_that_the_server_does_not_have(
    provider: OpenAIProvider, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sage"
    assert await init(provider.url, "gpt-nope", folder, "--kind", "chat") == 0
    assert f"model: {MODEL} (guessed: the server has no other, and does not list gpt-nope)" in capsys.readouterr().out
    manifest = folder / "manifest.toml"
    assert tomllib.loads(manifest.read_text())["runtime"]["model"] == MODEL
    assert await run("check", str(folder)) == 0
    manifest.write_text(manifest.read_text().replace(f'model = "{MODEL}"', 'model = "gpt-nope"'))
    capsys.readouterr()
    assert await run("check", str(folder)) == 1
    said = capsys.readouterr().out
    assert f'warn model: the server does not list "gpt-nope". Write model as one of: {MODEL}' in said
    assert "FAIL answer: the server does not have that: The model `gpt-nope` does not exist" in said
