"""What is sold by the period: plans compared, one's own subscription, cards that may be charged again."""
