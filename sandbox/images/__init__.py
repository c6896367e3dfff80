"""A server that speaks OpenAI's images API and draws by itself."""
