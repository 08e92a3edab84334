"""npnets regions: the exact linear regions of a network."""

from __future__ import annotations

import click

from npnets.commands.groups import Group
from npnets.commands.regions.count import command as count
from npnets.commands.regions.line import command as line
from npnets.commands.regions.plane import command as plane


@click.group("regions", cls=Group)
def command() -> None:
    """Find the exact linear regions of a network.

    On a line, in the plane, or in as many dimensions as the network has inputs. Activation patterns
    are cells on which every hidden neuron keeps its state, affine pieces neighbouring cells of the
    same affine function, merged. Every decision is that of exact arithmetic on the weights.
    """


for one in (line, plane, count):
    command.add_command(one)
