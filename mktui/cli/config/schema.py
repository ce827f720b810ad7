"""``mktui config schema``: for editors that complete and check while one types."""

from __future__ import annotations

import json

import click

from mktui.cli.output import echo_document
from mktui.config.describe import json_schema

_EPILOG = """\b
Examples:
  mktui config schema > mktui.schema.json
"""


@click.command(epilog=_EPILOG)
def schema() -> None:
    """Print the JSON schema of the configuration file."""
    echo_document(json.dumps(json_schema(), ensure_ascii=False, indent=2))
