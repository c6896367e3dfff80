"""Formatted text: parse modes, entities, rendering."""
