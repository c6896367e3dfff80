"""The examples of docs/api.md, as they stand there."""

import asyncio
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from db.tables.identities import ApiScope
from tests.integration.api.conftest import Callers

GUIDE = Path(__file__).parents[3] / "docs" / "api.md"


def example_with(words: str) -> str:
    """The one example in Python that has these words."""
    examples = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    (found,) = [example for example in examples if words in example]
    return str(found)


async def run_example(example: str, callers: Callers, key: str) -> bytes:
    """What it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", example,
        env=os.environ | {"SHOP": f"http://127.0.0.1:{callers.app.web_port}", "KEY": key},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, errors = await process.communicate()
    assert errors == b""
    return said


async def test_the_example_buys_a_prediction(callers: Callers) -> None:
    example = example_with("/predictions")
    anna = await callers.customer()
    _, key = await callers.app.services.api_keys.create(anna.id, "example", [ApiScope.READ, ApiScope.PREDICT])
    said = await run_example(example, callers, key)
    assert said.startswith(b"succeeded {")
    assert (await callers.app.services.users.get(anna.id)).balance == 900


async def test_the_examples_of_a_shell_buy_once_for_each_key(callers: Callers) -> None:
    """With what every system has: those for which an id or a photo is needed are left out."""
    first_lines = r"```sh\n(once\(.*?\n)(curl.*?\n)(curl.*?\n)curl"
    ((begun, looked, bought),) = re.findall(first_lines, GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    anna = await callers.customer()
    _, key = await callers.app.services.api_keys.create(anna.id, "example", [ApiScope.READ, ApiScope.PREDICT])
    process = await asyncio.create_subprocess_exec(
        "sh", "-euc", f"{begun}{looked}\necho\n{bought}",
        env=os.environ | {"SHOP": f"http://127.0.0.1:{callers.app.web_port}", "KEY": key},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    model, prediction = map(json.loads, said.splitlines())
    assert (model["slug"], prediction["status"]) == ("wine", "succeeded")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("kotlinc") is None, reason="no Kotlin here")
async def test_the_example_in_kotlin_buys_a_prediction(callers: Callers, tmp_path: Path) -> None:
    (example,) = re.findall(r"```kotlin\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "Shop.kt").write_text(example, encoding="utf-8")
    anna = await callers.customer()
    _, key = await callers.app.services.api_keys.create(anna.id, "example", [ApiScope.PREDICT])
    process = await asyncio.create_subprocess_exec(
        "sh", "-euc", "kotlinc Shop.kt -d made 2>&1 && exec kotlin -cp made ShopKt",
        cwd=tmp_path,
        env=os.environ | {"SHOP": f"http://127.0.0.1:{callers.app.web_port}", "KEY": key},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, errors = await process.communicate()
    assert process.returncode == 0, said + errors
    assert json.loads(said.splitlines()[-1])["status"] == "succeeded"


def test_the_guide_names_every_scope() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    assert all(f"| `{scope}` |" in guide for scope in ApiScope)
