"""argv -> services -> stdout."""


def main() -> None:
    """Run."""
