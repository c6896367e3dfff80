"""Programs that read an upload in the place of the shop's own."""
