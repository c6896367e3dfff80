"""Who starts the sandbox is told all that it speaks: by its page of words, and by `--help`."""

from pathlib import Path

import pytest

from sandbox.__main__ import _settings
from sandbox.comfyui import gateway as comfyui
from sandbox.inference import gateway as inference
from sandbox.openai import gateway as openai
from sandbox.yookassa import gateway as yookassa

README = Path(__file__).parents[3] / "sandbox" / "README.md"
PREFIXES = [each.PREFIX for each in (comfyui, inference, openai, yookassa)] + ["/images/"]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_each_server_is_named(prefix: str, capsys: pytest.CaptureFixture[str]) -> None:
    spoken = README.read_text(encoding="utf-8").partition("## What it speaks")[2].partition("\n## ")[0]
    assert f"- `{prefix}" in spoken
    with pytest.raises(SystemExit):
        _settings(["--help"])
    assert f"  {prefix.rstrip('/')}" in capsys.readouterr().out
