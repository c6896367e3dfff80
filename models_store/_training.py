"""What the three training scripts share: writing a graph beside its manifest."""

import hashlib
import re
from pathlib import Path

import onnx

MAX_BYTES = 3_000_000
OPSET, ML_OPSET, IR_VERSION = 18, 3, 9
_SHA256 = re.compile(r'^sha256 = "[^"]*"$', re.MULTILINE)


def publish(folder: Path, model: onnx.ModelProto) -> None:
    """Writes `model.onnx` and its sha256 into `manifest.toml`; raises ValueError when either would be wrong."""
    model.producer_version = ""  # the file depends on the numbers in it, not on who wrote them
    onnx.checker.check_model(model, full_check=True)
    content = model.SerializeToString(deterministic=True)
    if len(content) > MAX_BYTES:
        raise ValueError(f"the graph takes {len(content):,} bytes, at most {MAX_BYTES:,} are allowed")
    digest = hashlib.sha256(content).hexdigest()
    manifest = folder / "manifest.toml"
    text, found = _SHA256.subn(f'sha256 = "{digest}"', manifest.read_text(encoding="utf-8"))
    if found != 1:
        raise ValueError(f"{manifest} has {found} lines of sha256 instead of one")
    (folder / "model.onnx").write_bytes(content)
    manifest.write_text(text, encoding="utf-8")
    print(f"{folder.name}/model.onnx: {len(content):,} bytes, sha256 {digest}")
