"""Mini Apps: how they are opened, what they are told of who opened them, what they may do through the client."""
