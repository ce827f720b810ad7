"""The questions of the form for a new router: shall this certificate be the one, and shall it be saved."""

from __future__ import annotations

from rich.text import Text

from mktui.tui.screens.config_questions import Question
from mktui.tui.screens.modals import box_css


class SaveRouter(Question):
    """Asks what it was given."""

    DEFAULT_CSS = box_css("SaveRouter")

    def __init__(self, asked: Text) -> None:
        super().__init__()
        self._asked = asked

    def asked(self) -> Text:
        """Return the question."""
        return self._asked


class Pin(Question):
    """Shows the certificate that was refused; whether it is the router's own is for a person to say."""

    DEFAULT_CSS = box_css("Pin")

    def __init__(self, host: str, fingerprint: str) -> None:
        super().__init__()
        self._host, self._fingerprint = host, fingerprint

    def asked(self) -> Text:
        """Return the question."""
        half = len(self._fingerprint) // 2
        return Text.assemble(
            (f"Trust this certificate of {self._host}?\n\n", "bold"),
            f"SHA-256  {self._fingerprint[:half]}\n         {self._fingerprint[half:]}\n\n",
            "Nobody you trust has signed it. Compare it with the router's own, on the router:\n",
            "/certificate/print detail\n\n",
            "y pins it: this one and no other, and tests again   n does not",
        )
