"""What all screens have in common to the eye: tables without frames, one cursor, quiet headers; what is old is grey."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
* { scrollbar-background: $background; scrollbar-background-hover: $background; scrollbar-color: $quiet 50%; }
DataTable > .datatable--header { background: $background; color: $quiet; text-style: none; }
DataTable:focus { background-tint: transparent; }
DataTable:focus > .datatable--header { background-tint: transparent; }
DataTable > .datatable--cursor { background: $panel; color: $foreground; text-style: none; }
DataTable:focus > .datatable--cursor { background: $panel; color: $foreground; text-style: none; }
Toast { background: $panel; }
App:nocolor ModalScreen #box { border: solid $foreground; }
DataTable:ansi > .datatable--cursor, DataTable:ansi:focus > .datatable--cursor { text-style: reverse; }
.few-colours DataTable > .datatable--cursor { text-style: reverse; }
.few-colours DataTable:focus > .datatable--cursor { text-style: reverse; }
.few-colours LongTable > .long-table--cursor { text-style: reverse; }
View.old LiveTable, View.old LongTable, View.old StillStatic { color: $quiet; }
View.old DataTable > .datatable--cursor, View.old DataTable:focus > .datatable--cursor { color: $quiet; }
View.old LongTable > .long-table--cursor { color: $quiet; }
"""
