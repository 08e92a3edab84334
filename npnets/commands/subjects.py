"""The networks that a command is about: of a shape, trained now, or of a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from npnets.commands import options
from npnets.commands.landscapes import note

if TYPE_CHECKING:
    from npnets.network import Network
    from npnets.targets import Target

NETWORK_SUFFIXES = (".npz", ".safetensors")
#: What is trained if nothing is said.
TRAINING: dict[str, Any] = {
    "target": "linear",
    "seeds": 32,
    "steps": 2000,
    "init": "torch",
    "activation": "relu",
    "d_in": 1,
}


@dataclass(frozen=True)
class Subject:
    """Networks of one shape, and what they learned."""

    networks: list[Network]
    target: Target | None
    """None for the network of a file if none was asked for."""
    title: str
    settings: dict[str, Any]
    """Where the networks come from, for JSON."""


def is_file(source: str) -> bool:
    """Whether a SHAPE is meant to be the file of a network.

    >>> is_file("5-7-4"), is_file("results/net.npz")
    (False, True)
    """
    return Path(source).suffix in NETWORK_SUFFIXES


def subject(source: str, threads: int | None, needs_target: bool = True, **given: Any) -> Subject:
    """The networks of a shape, trained as given (None for the default), or the one in a file.

    Raises
    ------
    ValueError
        If anything that was typed breaks its rule.
    """
    with options.typed_names():
        if is_file(source):
            return _from_file(source, needs_target, given)
        return _trained(source, threads, given)


def training_of(given: dict[str, Any]) -> tuple[Target, dict[str, Any]]:
    """The target, and the other settings with defaults for None; ``seeds`` as a range."""
    from npnets.protocol import check_count
    from npnets.targets import check_learnable, get_target

    training = TRAINING | {name: value for name, value in given.items() if value is not None}
    target = get_target(training.pop("target"), training["d_in"])
    check_learnable(target, "float32")
    seeds = range(check_count("seeds", training["seeds"], 1))
    return target, training | {"seeds": seeds}


def title_of(widths: str, target: Target, training: dict[str, Any]) -> str:
    """What was trained on what, in one line."""
    count = len(training["seeds"])
    networks = "1 network" if count == 1 else f"{count} networks"
    return (
        f"{widths} ({training['activation']}) on {target.name}: {networks}, "
        f"{training['steps']} steps, init {training['init']}"
    )


def settings_of(target: Target, training: dict[str, Any]) -> dict[str, Any]:
    """The same for JSON."""
    return {"target": target.name, **training, "seeds": list(training["seeds"])}


def _trained(source: str, threads: int | None, given: dict[str, Any]) -> Subject:
    from npnets.landscape.replicates import replicates
    from npnets.shapes import format_shape, parse_shape

    shape = parse_shape(source)
    target, training = training_of(given)
    note(f"Training {len(training['seeds'])} networks …")
    nets = replicates(shape, target, threads=threads, **training)
    title = title_of(format_shape(nets[0].widths), target, training)
    settings = {"widths": nets[0].widths, **settings_of(target, training)}
    return Subject(nets, target, title, settings)


def _from_file(source: str, needs_target: bool, given: dict[str, Any]) -> Subject:
    from npnets.shapes import format_shape
    from npnets.targets import check_learnable, get_target

    for name in ("seeds", "steps", "init", "d_in"):
        if given[name] is not None:
            raise ValueError(
                f"{name} must be left out with the file of a network, which is not trained, "
                f"got {given[name]}"
            )
    if given["target"] is None and needs_target:
        raise ValueError(
            f"target must be given with the file of a network, like --target linear, for {source} "
            "does not say what it learned"
        )
    net = _load(source, given["activation"])
    target = None if given["target"] is None else get_target(given["target"], net.widths[0])
    if target is not None:
        check_learnable(target)
    title = f"{format_shape(net.widths)} ({net.activation}) of {source}"
    settings = {
        "file": source,
        "widths": net.widths,
        "activation": net.activation,
        "target": target.name if target else None,
    }
    return Subject([net], target, f"{title}, on {target.name}" if target else title, settings)


def _load(source: str, activation: str | None) -> Network:
    import numpy as np

    from npnets.files import load

    if not Path(source).is_file():
        raise ValueError(f"SHAPE must be like 5-7-4, or a file that exists, got {source!r}")
    try:
        net = load(source, activation)
    except ImportError as error:
        raise ValueError(str(error)) from None
    except ValueError as error:
        text = str(error).replace("load(path, activation='relu')", "--activation relu")
        raise ValueError(text) from None
    if not np.isfinite(net.parameters).all():
        raise ValueError(f"parameters must be finite, those of {source} are not")
    if net.widths[-1] != 1:
        raise ValueError(f"networks must have one output, {source} has widths {net.widths}")
    return net
