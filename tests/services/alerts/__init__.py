"""Alerts while they run."""
