"""How fast, as ratios in one run: ``python -m tests.benchmarks [NAME ...] [--quick]``. They print, and never judge."""
