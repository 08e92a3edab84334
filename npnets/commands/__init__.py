"""The command line. Each command is a file here: parse, call one function, print."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from npnets import __version__
from npnets.commands.groups import Group

COMMANDS = (
    "enumerate",
    "best",
    "query",
    "summary",
    "export",
    "plot",
    "spectrum",
    "anatomy",
    "dynamics",
    "walk",
    "jacobian",
    "regions",
    "construct",
    "claims",
    "reproduce",
)


class Commands(Group):
    """A group that loads a command when it is asked for, and says every error in one line.

    Exit codes: 2 for what the user typed (ValueError), 1 for the machine (OSError), 130 for Ctrl-C.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        return import_module(f"npnets.commands.{name}").command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from npnets.choices import check_choice

        if not args[0].startswith("-"):
            check_choice("command", args[0], COMMANDS)
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            code = super().main(*args, **{**kwargs, "standalone_mode": False})
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            sys.exit(error.exit_code)
        except click.ClickException as error:
            _fail(error.format_message(), error.exit_code)
        except click.Abort:
            _fail("interrupted", 130)
        except ValueError as error:
            _fail(str(error), 2)
        except MemoryError:
            _fail("not enough memory", 1)
        except OSError as error:
            _fail(str(error), 1)
        sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> None:
    click.echo(f"Error: {' '.join(message.split())}", err=True)
    sys.exit(code)


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"npnets {__version__}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Study tiny neural networks completely: train every shape, then ask."""
