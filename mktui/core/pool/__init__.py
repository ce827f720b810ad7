"""How hard we may lean on one router: dispatcher, breaker, retry, health, statistics."""
