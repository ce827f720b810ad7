"""Billing -> router: mirror, diff, plan, apply."""
