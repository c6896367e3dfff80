"""Scores, figures and texts of forecasts."""
