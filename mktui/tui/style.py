"""What all screens have in common to the eye: tables without frames, one cursor, quiet headers; what is old is grey."""

from __future__ import annotations

from typing import Final

LEVELS: Final = [(0, "-flat"), (3, "-lower"), (6, "-low"), (12, "-short"), (22, "-tall")]
"""Lines of a terminal, and what it is called from there on: what stands around the rows gives way to one of them."""
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
View.-short #whole, View.-low #whole, View.-lower #whole, View.-flat #whole { display: none; }
View.-short #sums { max-height: 5; }
View.-low #sums, View.-lower #sums, View.-flat #sums { display: none; }
View.-low #why, View.-lower #why, View.-flat #why { display: none; }
View.-low #about, View.-lower #about, View.-flat #about { display: none; }
View.-low #foot, View.-lower #foot, View.-flat #foot { display: none; }
View.nobody #why { display: block; }
View.-lower TopLines { height: 1; }
View.-lower LiveTable, View.-flat LiveTable { scrollbar-size-horizontal: 0; }
View.-flat TopLines, View.-flat #keys, View.-lower #keys { display: none; }
View.old LiveTable, View.old LongTable, View.old StillStatic { color: $quiet; }
View.old DataTable > .datatable--cursor, View.old DataTable:focus > .datatable--cursor { color: $quiet; }
View.old LongTable > .long-table--cursor { color: $quiet; }
"""
