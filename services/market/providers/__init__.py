"""Who is asked for closes."""
