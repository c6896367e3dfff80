"""An AI provider: the chat completions API in three dialects. No model thinks here, and every answer says so."""
