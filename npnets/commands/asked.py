"""What the five commands about loss landscapes are asked: their options, and what is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import click
from click.core import ParameterSource

from npnets.commands import options

MOST_SEEDS, MOST_STEPS = 10**6, 10**9
THRESHOLDS = (0.1, 1e-3, 1e-6)
FIGURE_SUFFIXES = (".png", ".svg", ".pdf")

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True)
class Asked:
    """The options that the five commands have in common.

    Raises
    ------
    ValueError
        If one breaks its rule: before anything is computed.
    """

    target: str
    seeds: int
    """How many networks."""
    steps: int
    init: str
    activation: str
    d_in: int
    samples: int
    threads: int | None
    as_json: bool
    as_csv: bool
    figure: Path | None
    typed: frozenset[str]
    """The names of those that were typed; the others have their defaults."""
    tier_thresholds: tuple[float, float, float] = THRESHOLDS

    def __post_init__(self) -> None:
        from npnets.landscape.spectrum import check_thresholds
        from npnets.protocol import check_count
        from npnets.samples import HELD_OUT

        if self.as_json and self.as_csv:
            raise ValueError("--json and --csv must not be given together, they print one thing")
        check_count("seeds", self.seeds, 1, MOST_SEEDS)
        check_count("steps", self.steps, 0, MOST_STEPS)
        check_count("samples", self.samples, 1, HELD_OUT)
        check_thresholds(self.tier_thresholds)
        if self.threads is not None:
            check_count("threads", self.threads, 1)
        if self.figure is not None:
            check_figure(self.figure)


def asking(steps: int, thresholds: bool = True) -> Decorator:
    """Give a command the common options, and what they say as its argument ``asked``."""
    common = [option for option in _options(steps) if thresholds or option is not _thresholds]

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def ask(**values: Any) -> Any:
            source_of = click.get_current_context().get_parameter_source
            typed = frozenset(n for n in values if source_of(n) is not ParameterSource.DEFAULT)
            names = [field.name for field in fields(Asked) if field.name in values]
            asked = Asked(**{name: values.pop(name) for name in names}, typed=typed)
            return command(asked=asked, **values)

        made: Callable[..., Any] = ask
        for option in reversed(common):
            made = option(made)
        return made

    return decorate


def json_epilog(results: str, of: str = "widths, parameters, ", file: bool = False) -> str:
    """What the help says of the JSON document of a command."""
    asked = "target, seeds, steps, init, activation, d_in"
    known = f"{asked} (of a file: file, target, activation)" if file else asked
    return f"The JSON document has {of}{known}; n, the number of samples; {results}"


def _with_default(*names: str, **attributes: Any) -> Decorator:
    return click.option(*names, show_default=True, **attributes)


shape = click.argument("source", metavar="SHAPE")
_thresholds = _with_default(
    "--thresholds",
    "tier_thresholds",
    nargs=3,
    metavar="T1 T2 T3",
    default=THRESHOLDS,
    help="Where steep, moderate and weak eigenvalues end.",
)


def _options(steps: int) -> tuple[Decorator, ...]:
    """In the order of the help."""
    target = "linear, quadratic, … or an expression of x, as for enumerate."
    drawn = "Draw to this file: .png, .svg or .pdf."
    return (
        _with_default("--target", default="linear", help=target),
        _with_default("--seeds", default=32, help="Networks to train."),
        _with_default("--steps", default=steps, help="Optimizer steps."),
        _with_default("--init", default="torch", help="torch, he_normal, normal:0.1, …"),
        _with_default("--activation", default="relu", help="relu, tanh, gelu, …"),
        _with_default("--dims", "d_in", default=1, help="Input dimensions."),
        _with_default("--samples", default=1000, help="How many held-out samples of N(0, I)."),
        _thresholds,
        click.option("--threads", type=int, help="[default: all CPUs]"),
        options.json,
        click.option("--csv", "as_csv", is_flag=True, help="Print a table of every network."),
        click.option("--figure", type=Path, metavar="FILE", help=drawn),
    )


def check_figure(path: Path) -> None:
    if path.suffix not in FIGURE_SUFFIXES:
        raise ValueError(f"figure must end in {', '.join(FIGURE_SUFFIXES)}, got {str(path)!r}")
    try:
        with TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(
            f"figure must be where files can be made, got {str(path)!r}: {reason}"
        ) from None
