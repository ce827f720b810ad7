"""Alerts while they run: what is looked at, what is kept, who is told, and how."""
