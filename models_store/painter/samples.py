"""The sample picture of each style, and the example pictures of `own-style`: `example.jpg` as the model paints it."""

import io
from pathlib import Path

from PIL import Image

from services.errors import ShopError
from services.inference.runtimes.base import Limit, watched
from services.inference.runtimes.style_transfer.kind import STYLE_TRANSFER
from services.inference.tensors import Row
from services.manifests.manifest import load_manifest
from services.models.preset_files import PRESETS, read_presets

FOLDER = Path(__file__).parent
SIDE, QUALITY = 320, 82


def main() -> None:
    manifest = load_manifest(FOLDER, {STYLE_TRANSFER.name: STYLE_TRANSFER.spec})
    runtime = STYLE_TRANSFER.open(manifest, FOLDER)
    runtime.load()
    photo = (FOLDER / "example.jpg").read_bytes()
    for preset in read_presets(FOLDER / PRESETS, {manifest.slug: manifest}, of=manifest.slug):
        row = Row(values={"strength": "100", **preset.inputs}, files={"photo": photo})
        with watched(Limit(manifest.runtime.timeout)) as limit:
            (answer,) = runtime.run([row], limit)
        if isinstance(answer, ShopError):
            raise answer
        picture = Image.open(io.BytesIO(answer.images["painting"])).convert("RGB")
        picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(FOLDER / f"{preset.slug}.jpg", quality=QUALITY)
        print(preset.slug)
    own = FOLDER.parent / "own-style"
    (own / "example.jpg").write_bytes(photo)
    (own / "style.jpg").write_bytes((FOLDER / "night-swirls.jpg").read_bytes())


if __name__ == "__main__":
    main()
