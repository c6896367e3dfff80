"""What somebody answered last, for a style that fills it in."""

from db.base import JsonObject
from services.manifests.manifest import FileInput, Manifest, TextInput
from services.predictions.history import History


async def latest_answers(history: History, user_id: int, manifest: Manifest | None) -> JsonObject:
    """Of their latest prediction with the model, without pictures and texts, which customers give; empty where there is
    none."""
    found = None if manifest is None else await history.latest(user_id, manifest.slug)
    if manifest is None or found is None:
        return {}
    kept = {field.name for field in manifest.inputs if not isinstance(field, FileInput | TextInput)}
    return {name: value for name, value in found.inputs.items() if name in kept}
