"""Conversations with assistants: sold answer by answer."""
