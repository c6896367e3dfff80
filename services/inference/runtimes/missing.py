"""What it means that a server does not have what it is asked for. One rule for those whose runs can
wait: open-inference, comfyui, images."""

from services.inference.errors import ModelBroken, ServerAway


def judge_missing(status: int, said: str) -> ServerAway | ModelBroken | None:
    """A 404 may pass: models are loaded and unloaded, a gateway knows no server that just starts. What a server has no
    method for, it will not learn. None for other statuses. `said`: what it answered, in a line."""
    if status == 404:
        return ServerAway(problem=f"the server does not have that now; are url and model right? {said}")
    if status in {405, 501}:
        fix = "Correct url or model in its [runtime], or leave version out of it"
        return ModelBroken(problem=f"the server cannot do this: {said}", fix=fix)
    return None
