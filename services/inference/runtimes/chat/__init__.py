"""Assistants: models that speak the chat completions API."""
