"""Predictions: paid runs of models. `submit` sells one, `worker` runs what was sold, `history` shows it.

A row's life is `queued → running → succeeded | failed | canceled`, and `succeeded → failed` where the answer cannot be
delivered (`undelivered`); every step is a compare-and-set together with what follows from it."""
