"""What was bought, in words and pictures."""
