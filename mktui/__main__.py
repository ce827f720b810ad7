"""``mktui``, and ``python -m mktui``."""

from mktui.quick import leave, without_collection

with without_collection():
    from mktui.cli import main


def run() -> None:
    """Run the program to its end."""
    try:
        main()
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else 0)


if __name__ == "__main__":
    run()
