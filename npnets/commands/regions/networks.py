"""The network whose regions are asked for: of a shape, initialised or trained, or of a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from npnets.commands.answers import note
from npnets.commands.regions.counts import counted
from npnets.commands.subjects import is_file, size_of
from npnets.commands.widths import widths_text

if TYPE_CHECKING:
    from npnets.commands.regions.asked import Asked
    from npnets.network import Network

#: Of a line over a figure.
MOST_LETTERS = 84


@dataclass(frozen=True)
class Named:
    """A network and where it comes from."""

    net: Network
    title: str
    settings: dict[str, Any]
    """The same for JSON."""

    def figure_title(self, found: str) -> str:
        """What the network is, and below it what was found, in lines that fit over a figure."""
        lines = (line for text in (self.title, found) for line in wrap(text, MOST_LETTERS))
        return "\n".join(lines)


def network_of(source: str, asked: Asked, check_inputs: Callable[[int], object]) -> Named:
    """The network of a shape, initialised or trained as asked, or the one in a file.

    ``check_inputs`` is told how many inputs it has before anything is trained, and may refuse them.

    Raises
    ------
    ValueError
        If anything that was typed breaks its rule, or the network has no linear regions.
    """
    if not is_file(source):
        check_inputs(asked.d_in)
        return _of_shape(source, asked)
    of = _from_file(source, asked)
    check_inputs(of.net.widths[0])
    return of


def _of_shape(source: str, asked: Asked) -> Named:
    from npnets.initializers import initialize
    from npnets.shapes import parse_shape

    asked.check_slope(asked.activation)
    widths = (asked.d_in, *parse_shape(source), 1)
    settings = {"d_in": asked.d_in, "init": asked.init, "seed": asked.seed}
    how = f"init {asked.init}, seed {asked.seed}"
    if not asked.train:
        net = initialize(widths, asked.init, asked.seed, asked.activation, asked.slope)
        return _named(net, f"initialised: {how}", settings)
    net = _trained(widths[1:-1], asked)
    settings |= {"target": asked.learned, "steps": asked.steps}
    steps = counted(asked.steps, "step")
    return _named(net, f"trained on {asked.learned}: {steps}, {how}", settings)


def _trained(shape: tuple[int, ...], asked: Asked) -> Network:
    import numpy as np

    from npnets.targets import check_learnable, get_target
    from npnets.training import train

    target = get_target(asked.learned, asked.d_in)
    check_learnable(target, "float32")
    note("Training …")
    trained = train(
        [shape],
        target,
        asked.steps,
        activation=asked.activation,
        slope=asked.slope,
        init=asked.init,
        d_in=asked.d_in,
        seeds=asked.seed,
        threads=1,
    )
    if not np.isfinite(trained.parameters).all():
        raise ValueError(f"parameters must stay finite, seed {asked.seed} lost them in training")
    return trained.network(0)


def _from_file(source: str, asked: Asked) -> Named:
    from npnets.regions.exact import check_piecewise_linear

    for name in ("train", "seed", "init", "d_in"):
        if name in asked.typed:
            raise ValueError(f"{name} must be left out with the file of a network")
    net = _load(source, asked)
    try:
        check_piecewise_linear(net)
    except ValueError as error:
        raise ValueError(f"{source} has no linear regions to count: {error}") from None
    return _named(net, f"of {source}", {"file": source})


def _load(source: str, asked: Asked) -> Network:
    from npnets.files import READABLE, load

    path = Path(source)
    if not path.is_file() or path.suffix not in READABLE:
        rule = f"NETWORK-OR-SHAPE must be like 5-7-4, or a network's file ({', '.join(READABLE)})"
        is_there = "" if path.exists() else ", which does not exist"
        raise ValueError(f"{rule}, got {source!r}{is_there}")
    told = {name: getattr(asked, name) for name in ("activation", "slope") if name in asked.typed}
    try:
        net = load(path)
    except ImportError as error:
        raise ValueError(str(error)) from None
    except ValueError:
        if "activation" not in told:
            raise
        net = load(path, **told)  # a file of PyTorch does not name its activation
    asked.check_slope(net.activation)
    for name, value in told.items():
        own = getattr(net, name)
        if value != own:
            raise ValueError(f"{name} must be left out or {own}, as in {source}, got {value}")
    return net


def _named(net: Network, origin: str, settings: dict[str, Any]) -> Named:

    leaky = net.activation == "leaky_relu"
    slope = f" of slope {net.slope:g}" if leaky else ""
    title = f"{widths_text(net.widths)} ({net.activation}{slope}), {origin}"
    kind = {"activation": net.activation, "slope": net.slope if leaky else None}
    return Named(net, title, settings | size_of(net.widths) | kind)
