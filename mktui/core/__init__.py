"""The resilient RouterOS client."""
