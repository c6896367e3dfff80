"""The example in Python of docs/api.md, as it stands there."""

import asyncio
import os
import re
import sys
from pathlib import Path

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


def test_the_guide_names_every_scope() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    assert all(f"| `{scope}` |" in guide for scope in ApiScope)
