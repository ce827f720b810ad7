"""Who pays for what: the store, its sources, its databases."""
