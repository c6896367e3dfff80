"""A ComfyUI server: its protocol, its queue, and a few of its nodes that really paint."""
