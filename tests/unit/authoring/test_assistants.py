"""A first manifest of an assistant, and what `models check` says of one."""

import argparse
import asyncio
import json
import tomllib
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from bot.cli.models_arguments import add_models
from bot.errors import Failure
from sandbox.ogg import silence
from services.authoring.assistants import AssistantAt, draft_assistant
from services.authoring.check import check_folder
from services.authoring.drafting import Draft
from services.inference.check_line import CheckLine
from services.inference.errors import ModelBroken, ServerAway
from services.inference.runtimes.chat.kind import CHAT
from services.inference.runtimes.registry import Runtimes
from tests.unit.inference.chat.server import DONE, ChatServer, Reply, chat_server, delta, refusal

KINDS = Runtimes([CHAT])


@pytest.fixture
async def server() -> AsyncGenerator[ChatServer, None]:
    async with chat_server() as running:
        yield running


def lists(*models: dict[str, Any]) -> Reply:
    return Reply([json.dumps({"object": "list", "data": list(models)}).encode()], kind="application/json")


def written(place: AssistantAt, folder: Path) -> Draft:
    folder.mkdir(exist_ok=True)
    draft = draft_assistant(place, folder)
    draft.write(folder)
    return draft


async def drafted(url: str, folder: Path, model: str = "sage-1", key: str | None = None) -> Draft:
    return await asyncio.to_thread(written, AssistantAt(url=url, model=model, key=key, headers={}), folder)


async def checked(folder: Path) -> list[CheckLine]:
    return await asyncio.to_thread(check_folder, folder, KINDS)


@pytest.mark.parametrize(
    ("told", "context"),
    [
        ({"id": "sage-1", "max_model_len": 4096}, 4096),  # vLLM
        ({"id": "sage-1", "context_length": 131072, "architecture": {"modality": "text->text"}}, 131072),  # OpenRouter
        ({"id": "sage-1", "meta": {"n_ctx_train": 2048, "n_params": 10}}, 2048),  # llama.cpp
        ({"id": "sage-1:latest", "object": "model"}, 8192),  # Ollama
        ({"id": "sage-1", "context_length": -1, "max_model_len": True}, 8192),
    ],
)
async def test_what_was_written_is_right(
    server: ChatServer, tmp_path: Path, told: dict[str, Any], context: int
) -> None:
    server.models = lists({"id": "other"}, told)
    draft = await drafted(server.url, tmp_path / "sage")
    assert tomllib.loads(draft.toml)["runtime"]["context"] == context
    assert ("the server does not tell it" in draft.toml) is (context == 8192)
    lines = await checked(tmp_path / "sage")
    assert [(line.what, line.state) for line in lines] == [("manifest", "ok"), ("server", "ok"), ("answer", "ok")]
    assert "“Hello” (stop)" in lines[-1].detail
    assert "12 tokens in, 3 out" in lines[-1].detail


async def test_a_server_that_lists_nothing(server: ChatServer, tmp_path: Path) -> None:
    server.models = refusal(404, "no")
    draft = await drafted(server.url, tmp_path / "sage")
    assert tomllib.loads(draft.toml)["runtime"]["context"] == 8192


async def test_a_key_is_named_and_not_written(
    server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGE_KEY", "sk-secret-of-sage")
    draft = await drafted(server.url, tmp_path / "sage", key="env:SAGE_KEY")
    assert 'key = "env:SAGE_KEY"' in draft.toml
    assert "sk-secret" not in draft.toml
    assert server.asked[0].headers["authorization"] == "Bearer sk-secret-of-sage"


async def test_what_stands_in_the_way(server: ChatServer, tmp_path: Path) -> None:
    folder = tmp_path / "sage"
    server.models = lists({"id": "one"}, {"id": "two"})
    with pytest.raises(ModelBroken, match=r'no model "sage-1"\. Name one of: one, two'):
        await drafted(server.url, folder)
    server.models = refusal(401, {"error": {"message": "no key"}})
    with pytest.raises(ModelBroken, match="does not let the shop in: no key"):
        await drafted(server.url, folder)
    server.models = refusal(200, "<html>Welcome</html>")
    with pytest.raises(ServerAway, match="something else than JSON"):
        await drafted(server.url, folder)
    with pytest.raises(ServerAway, match="cannot be reached"):
        await drafted("http://127.0.0.1:9/v1", folder)
    with pytest.raises(ModelBroken, match="NO_SUCH_KEY is not set"):
        await drafted(server.url, folder, key="env:NO_SUCH_KEY")
    with pytest.raises(ModelBroken, match=r'key: is not the name of a variable\. Write "env:NAME"') as caught:
        await drafted(server.url, folder, key="sk-1")
    assert "sk-1" not in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "state", "detail"),
    [
        (Reply([delta("Hi", "stop"), DONE]), "warn", "the server does not measure tokens"),
        (Reply([delta("", "length"), DONE]), "FAIL", "the answer is empty"),
        (Reply([delta("Hi")]), "FAIL", "ended without a finish_reason"),
        (refusal(402, {"error": {"message": "Insufficient Balance"}}), "FAIL", "the account at the server is used up"),
        (refusal(404, {"error": {"message": "model not found"}}), "FAIL", "the server does not have that"),
        (refusal(200, "<html>"), "FAIL", "answers with a page"),
    ],
)
async def test_one_line_for_what_the_server_does(
    server: ChatServer, tmp_path: Path, reply: Reply, state: str, detail: str
) -> None:
    await drafted(server.url, tmp_path / "sage")
    server.replies = [reply]
    *_, line = await checked(tmp_path / "sage")
    assert (line.what, line.state) == ("answer", state)
    assert detail in line.detail
    assert line.fix
    assert "\n" not in line.detail + line.fix


async def test_a_promise_that_the_server_does_not_keep(server: ChatServer, tmp_path: Path) -> None:
    await drafted(server.url, tmp_path / "sage")
    manifest = tmp_path / "sage" / "manifest.toml"
    manifest.write_text(manifest.read_text().replace("context = 4096", "context = 128_000"))
    lines = {line.what: line for line in await checked(tmp_path / "sage")}
    assert lines["context"].state == "warn"
    assert "Write context = 4096" in lines["context"].fix


async def test_by_the_command(server: ChatServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_models(parser)
    folder = tmp_path / "sage"

    async def run(*words: str) -> int:
        arguments = parser.parse_args(words)
        code: int = await asyncio.to_thread(arguments.command, arguments)
        return code

    init = ("init", "--from", server.url, "sage-1", "--kind", "chat", "--to", str(folder))
    assert await run(*init) == 0
    assert "context: 4096 tokens (the server tells it)" in capsys.readouterr().out
    assert await run("check", str(folder)) == 0
    assert "ok   answer: “Hello”" in capsys.readouterr().out
    with pytest.raises(Failure, match="is not overwritten"):
        await run(*init)
    with pytest.raises(Failure, match="cannot be reached"):
        await run("init", "--from", "http://127.0.0.1:9/v1", "sage-1", "--kind", "chat", "--to", str(tmp_path / "b"))
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("name", [r"\u0000", r"sage\n1", " ", r"\u200b"])
async def test_a_name_that_no_server_has(tmp_path: Path, name: str) -> None:
    await asyncio.to_thread(draft_in, tmp_path / "sage", name)
    (line,) = await checked(tmp_path / "sage")
    assert (line.what, line.state) == ("manifest", "FAIL")
    assert line.detail.startswith("runtime.model: ")
    assert "\n" not in line.detail + line.fix


def draft_in(folder: Path, name: str) -> None:
    folder.mkdir()
    head = 'slug = "sage"\nversion = "1"\ntitle = "Sage"\nprice = "0"\n'
    runtime = f'[runtime]\nkind = "chat"\nurl = "http://127.0.0.1:9"\nmodel = "{name}"\ncontext = 8192\n'
    (folder / "manifest.toml").write_text(head + runtime)


@pytest.mark.parametrize(
    ("reply", "state", "detail"),
    [
        (Reply([b'{"text": ""}'], kind="application/json"), "ok", "heard nothing"),
        (Reply([b'{"text": "Thank you."}'], kind="application/json"), "ok", "heard “Thank you.”"),
        (refusal(404, {"error": {"message": "no such model"}}), "FAIL", 'transcription = "ear-1"'),
        (refusal(400, {"error": {"message": "cannot decode"}}), "FAIL", "cannot decode"),
    ],
)
async def test_voice_messages_are_tried_where_they_are_sold(
    server: ChatServer, tmp_path: Path, reply: Reply, state: str, detail: str
) -> None:
    await drafted(server.url, tmp_path / "sage")
    manifest = tmp_path / "sage" / "manifest.toml"
    with_ears = 'context = 4096\ntranscription = "ear-1"\nvoice_seconds = 10\n'
    manifest.write_text(manifest.read_text().replace("context = 4096\n", with_ears))
    server.replies = [*server.replies, reply]
    lines = await checked(tmp_path / "sage")
    assert [line.what for line in lines] == ["manifest", "server", "answer", "voice"]
    assert lines[-1].state == state
    assert detail in lines[-1].detail
    asked = server.posts[-1]
    assert asked.line == "POST /v1/audio/transcriptions HTTP/1.1"
    assert silence(1.0) in asked.raw
