"""Pictures by a server that speaks OpenAI's images API."""
