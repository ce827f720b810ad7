"""HTTP: what it answers, to whom, and what it refuses."""
