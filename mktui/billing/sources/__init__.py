"""Where billing's rows come from besides its own tables: files, other systems' databases, a router's present rows.

Almost all of it is pure: bytes, rows and times in, :class:`~mktui.billing.sources.rows.SourceRows` out.
"""
