"""The row of a model, as its manifest has it."""

from datetime import datetime

from db.base import JsonObject
from services.manifests.manifest import Manifest


def columns_of(manifest: Manifest, now: datetime) -> JsonObject:
    """Of a model that can be served."""
    return {
        "version": manifest.version,
        "manifest": manifest.model_dump(mode="json"),
        "written": manifest.written,
        "manifest_price": manifest.price_hundredths,
        "manifest_position": int(manifest.order),
        "sha256": manifest.runtime.fingerprint,
        "present": True,
        "problem": None,
        "updated_at": now,
    }
