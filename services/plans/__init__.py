"""What is sold by the period: plans, who subscribes to which, what a period brings, how the next one is paid."""
