"""``python -m mktui``."""

from mktui.cli import main

if __name__ == "__main__":
    main()
