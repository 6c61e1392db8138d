"""``tocsin completion``: the script that teaches a shell to complete."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from tocsin.app.command_line.fields import described


@click.command(
    help=described(
        "Print the completion script of SHELL.",
        more='For example, put this into ~/.bashrc: eval "$(tocsin completion bash)"',
        examples=(
            "completion bash > ~/.local/share/bash-completion/completions/tocsin",
            "completion zsh > ~/.zfunc/_tocsin",
            "completion fish > ~/.config/fish/completions/tocsin.fish",
        ),
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    maker = get_completion_class(shell)
    assert maker is not None, "click completes all three shells"
    root = context.find_root().command
    click.echo(maker(root, {}, "tocsin", "_TOCSIN_COMPLETE").source())
