"""One router, as a person would ask it."""
