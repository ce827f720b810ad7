"""Who pays for what: profiles and subscribers, the source of truth."""
