"""A session with one router: transport, login, many calls in flight."""
