"""What models may run on in this shop."""

from typing import Final

from services.inference.runtimes.comfyui.kind import COMFYUI
from services.inference.runtimes.onnx_kind import ONNX
from services.inference.runtimes.open_inference.kind import OPEN_INFERENCE
from services.inference.runtimes.registry import Runtimes

RUNTIMES: Final = Runtimes([ONNX, OPEN_INFERENCE, COMFYUI])
