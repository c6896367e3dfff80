"""Assistants as owners see them."""
