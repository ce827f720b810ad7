"""The terminal: events -> screens -> services."""
