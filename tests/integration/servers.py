"""What folders beside one another have as fixtures: each takes it under the name that its tests know."""

from sandbox.client.comfyui import ComfyUIServer
from sandbox.client.inference import Inference
from sandbox.client.sandbox import Sandbox
from sandbox.clock import Clock

START = 1_790_000_000.0


def standing_clock() -> Clock:
    """Only `advance` moves it."""
    return Clock(lambda: START)


async def comfyui(sandbox: Sandbox) -> ComfyUIServer:
    """It paints at once."""
    await sandbox.comfyui.change(pace=0)
    return sandbox.comfyui


async def inference(sandbox: Sandbox) -> Inference:
    return await sandbox.inference()
