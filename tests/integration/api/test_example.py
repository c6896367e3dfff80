"""The example in Python of docs/api.md, as it stands there."""

import asyncio
import os
import re
import sys
from pathlib import Path

from db.tables.identities import ApiScope
from tests.integration.api.conftest import Callers

GUIDE = Path(__file__).parents[3] / "docs" / "api.md"


async def test_the_example_buys_a_prediction(callers: Callers) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    anna = await callers.customer()
    _, key = await callers.app.services.api_keys.create(anna.id, "example", [ApiScope.READ, ApiScope.PREDICT])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", example,
        env=os.environ | {"SHOP": f"http://127.0.0.1:{callers.app.web_port}", "KEY": key},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, errors = await process.communicate()
    assert errors == b""
    assert said.startswith(b"succeeded {")
    assert (await callers.app.services.users.get(anna.id)).balance == 900


def test_the_guide_names_every_scope() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    assert all(f"| `{scope}` |" in guide for scope in ApiScope)
