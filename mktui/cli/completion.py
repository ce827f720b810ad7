"""``mktui completion``: the script that teaches a shell to complete mktui's commands, options and names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from mktui.cli.output import echo_document

_EPILOG = """\b
Examples:
  mktui completion bash > ~/.local/share/bash-completion/completions/mktui
  mktui completion zsh > "${fpath[1]}/_mktui"
  mktui completion fish > ~/.config/fish/completions/mktui.fish
  eval "$(mktui completion bash)"        for this shell only

Names of routers and settings come from the configuration, also one that --config names before them.
"""


@click.command(epilog=_EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, *, shell: str) -> None:
    """Print the completion script for a shell."""
    found = get_completion_class(shell)
    assert found is not None
    script = found(context.find_root().command, {}, "mktui", "_MKTUI_COMPLETE")
    echo_document(script.source_template % script.source_vars())
