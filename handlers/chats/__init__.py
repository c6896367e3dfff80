"""Conversations with assistants."""
