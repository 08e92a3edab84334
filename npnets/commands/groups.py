"""Commands that have commands of their own."""

from __future__ import annotations

from typing import Any

import click

from npnets.commands.options import as_typed


class Group(click.Group):
    """A group in which what is wrong with a setting is said of the option that sets it."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ValueError as error:
            command = self.get_command(ctx, ctx.invoked_subcommand or "")
            raise ValueError(as_typed(str(error), command or self)) from None
