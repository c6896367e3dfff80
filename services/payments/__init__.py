"""Real money. The provider's word, asked for, decides; what it sends by itself is a hint."""
