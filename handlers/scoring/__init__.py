"""Whole tables: sent, looked at, ordered, and sent back with answers."""
