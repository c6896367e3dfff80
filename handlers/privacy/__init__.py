"""What the shop keeps of a customer, and for how long."""
