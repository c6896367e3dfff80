"""Ratios against limits measured in the same run: `python -m benchmarks [name …]`. See docs/performance.md."""
