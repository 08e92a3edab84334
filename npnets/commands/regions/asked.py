"""What the commands about linear regions are asked: their common options, and what is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from npnets.commands import options
from npnets.commands.asked import MOST_STEPS, check_figure

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

source = click.argument("source", metavar="NETWORK-OR-SHAPE")


@dataclass(frozen=True)
class Asked:
    """The options that the three commands have in common.

    Raises
    ------
    ValueError
        If one breaks its rule: before anything is computed.
    """

    train: bool
    target: str
    steps: int
    seed: int
    init: str
    activation: str
    slope: float
    d_in: int
    certify: bool
    as_json: bool
    as_csv: bool
    figure: Path | None
    typed: frozenset[str]
    """The names of those that were typed; the others have their defaults."""
    threads: int | None = None

    def __post_init__(self) -> None:
        from npnets.choices import check_choice
        from npnets.protocol import check_count
        from npnets.regions.exact import PIECEWISE_LINEAR

        if self.as_json and self.as_csv:
            raise ValueError("--json and --csv must not be given together, they print one thing")
        check_choice("activation", self.activation, PIECEWISE_LINEAR)
        check_count("d_in", self.d_in, 1)
        check_count("seed", self.seed, 0)
        check_count("steps", self.steps, 0, MOST_STEPS)
        if self.threads is not None:
            check_count("threads", self.threads, 1)
        if self.figure is not None:
            check_figure(self.figure)
        for name in ("target", "steps"):
            if name in self.typed and not self.train:
                raise ValueError(f"{name} must be left out without --train")


def asking(d_in: int, threads: bool = True) -> Decorator:
    """Give a command the common options, and what they say as its argument ``asked``."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def ask(**values: Any) -> Any:
            source_of = click.get_current_context().get_parameter_source
            typed = frozenset(n for n in values if source_of(n) is not ParameterSource.DEFAULT)
            names = [field.name for field in fields(Asked) if field.name in values]
            asked = Asked(**{name: values.pop(name) for name in names}, typed=typed)
            return command(asked=asked, **values)

        made: Callable[..., Any] = ask
        for option in reversed(_options(d_in, threads)):
            made = option(made)
        return made

    return decorate


def json_epilog(results: str) -> str:
    """What the help says of the JSON document of a command."""
    return (
        "The JSON document has file, or d_in, init, seed and, with --train, target and steps; "
        f"widths, parameters, activation, slope; {results} counts: activation_patterns, "
        "affine_pieces, breakpoints (null if not counted); bounds of all of R^d for networks of "
        "the same shape; by_layer, the activation patterns of the first 1, 2, … layers; decisions,"
        " the signs that were decided; fallbacks, those of them by exact arithmetic; certified. "
        "Infinite numbers are null."
    )


def _options(d_in: int, threads: bool) -> tuple[Decorator, ...]:
    """In the order of the help."""
    shown: Any = {"show_default": True}
    learned = "linear" if d_in == 1 else "interaction-2d"
    drawn = "Draw to this file: .png, .svg or .pdf."
    several = (click.option("--threads", type=int, help="[default: all CPUs]"),) if threads else ()
    return (
        click.option("--train", is_flag=True, help="Train a SHAPE before it is looked at."),
        click.option("--target", default=learned, help="What it is trained on.", **shown),
        click.option("--steps", default=2000, help="Optimizer steps of --train.", **shown),
        click.option("--seed", default=0, help="Of initial weights and of training.", **shown),
        click.option("--init", default="torch", help="torch, he_normal, normal:0.1, …", **shown),
        click.option("--activation", default="relu", help="relu, leaky_relu, identity.", **shown),
        click.option("--slope", default=0.01, help="Of leaky_relu, below 0.", **shown),
        click.option("--dims", "d_in", default=d_in, help="Inputs of a SHAPE.", **shown),
        click.option("--certify", is_flag=True, help="Prove the result by other means as well."),
        *several,
        options.json,
        click.option("--csv", "as_csv", is_flag=True, help="Print a table."),
        click.option("--figure", type=Path, metavar="FILE", help=drawn),
    )
