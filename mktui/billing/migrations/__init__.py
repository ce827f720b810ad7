"""How the schema of billing's database has grown, step by step."""
