"""HTTP: JSON, metrics, and the terminal in a browser. Renders snapshots and asks services; owns no router."""
