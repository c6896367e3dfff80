"""Screens of those who run the shop."""
