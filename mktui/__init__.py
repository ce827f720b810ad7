"""A terminal control room for MikroTik RouterOS networks."""
