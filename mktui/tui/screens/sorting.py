"""Rows that can be put in another order, for any screen that names its orders."""

from __future__ import annotations

from mktui.tui.screens.view import View


class Sortable(View):
    """The screen names its orders in ``orders``, the usual one first, and shows itself anew in ``again``."""

    orders: tuple[str, ...] = ()
    is_reversed = False
    _order: str | None = None

    @property
    def sorted_by(self) -> str:
        """The order that is wanted now."""
        return self._order or self.orders[0]

    @property
    def order_in_words(self) -> str:
        """What the second line says of it."""
        return f"by {self.sorted_by}{' reversed' if self.is_reversed else ''}"

    def next_sort(self) -> None:
        """Sort by the next column."""
        self._order = self.orders[(self.orders.index(self.sorted_by) + 1) % len(self.orders)]
        self.again()

    def reverse(self) -> None:
        """Turn the order round."""
        self.is_reversed = not self.is_reversed
        self.again()

    def again(self) -> None:
        """Show what there is in the order that is wanted now."""
        raise NotImplementedError
