"""One screen a file; each takes a frozen snapshot and shows it."""
