"""npnets jacobian: singular values and vectors of the output's Jacobian."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from npnets.commands import answers
from npnets.commands.asked import Asked, asking, json_epilog, shape

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from npnets.landscape.jacobian_modes import JacobianModes

#: Of the singular values, so many first ones are shown, and these.
FIRST, LATER = 5, (10, 20, 50, 100, 200, 500, 1000)


@click.command(
    "jacobian",
    epilog=json_epilog(
        "domain, tolerance and, with a row for each network, singular_values, significant, "
        "condition_number and, for each right vector, neuron, share, participation, cosine_slope,"
        " cosine_intercept.",
        file=True,
    ),
)
@shape
@asking(steps=2000, thresholds=False)
@click.option(
    "--domain",
    type=click.Choice(["grid", "normal"]),
    default="grid",
    show_default=True,
    help="Where the outputs are taken: uniform grid on [-5, 5]^d, or --samples of N(0, I).",
)
@click.option(
    "--tolerance",
    type=float,
    help="Count singular values above this share of the first.  [default: outputs times 2^-52]",
)
def command(source: str, domain: str, tolerance: float | None, asked: Asked) -> None:
    """Decompose the Jacobian of the outputs in the parameters.

    SHAPE is hidden widths like 16 or 5-7-4, to be trained, or the file of a network (.npz,
    .safetensors, .onnx). Of every right singular vector it is said whether it is the business of
    one neuron, and how it lies to those that move the outputs' line.
    """
    from npnets.commands.subjects import subject
    from npnets.landscape.jacobian_modes import jacobian_modes
    from npnets.samples import held_out, uniform_grid

    if domain == "grid" and "samples" in asked.typed:
        raise ValueError(f"samples must be left out with --domain grid, got {asked.samples}")
    if tolerance is not None and not 0 <= tolerance < 1:
        raise ValueError(f"tolerance must be a number >= 0 and < 1, got {tolerance}")
    of = subject(source, asked, needs_target=False)
    d_in = of.networks[0].widths[0]
    x = uniform_grid(d_in) if domain == "grid" else held_out(d_in)[: asked.samples]
    answers.note("Decomposing …")
    found = jacobian_modes(of.networks, x, tolerance=tolerance, threads=asked.threads)
    where = f"{len(x)} points of {'the grid' if domain == 'grid' else 'N(0, I)'}"
    answers.show(
        asked,
        lambda: {**of.settings, "domain": domain, "n": len(x), **found.record()},
        found.rows,
        lambda: _text(of.title, where, found),
        partial(_draw, f"{of.title}; {where}", found),
    )


def _text(title: str, where: str, found: JacobianModes) -> str:
    size = found.singular_values.shape[1]
    shown = [*range(min(FIRST, size)), *(i - 1 for i in LATER if i < size)]
    if size > FIRST:
        shown.append(size - 1)
    columns = {
        "value": found.singular_values,
        "one neuron": found.share,
        "neurons": found.participation,
        "|cos| slope": found.cosine_slope,
        "|cos| intercept": found.cosine_intercept,
    }
    present = {name: values for name, values in columns.items() if values is not None}
    rows = [
        [str(i + 1), *(answers.median_text(values[:, i]) for values in present.values()), ""]
        for i in shown
    ]
    count = len(found.singular_values)
    significant = answers.median_text(found.significant)
    legend = [
        "one neuron: the largest share that a neuron has in the right vector; neurons: how many",
        "take part"
        + (
            "."
            if found.cosine_slope is None
            else "; |cos|: with the directions that move slope or intercept of the outputs' line."
        ),
    ]
    return "\n".join(
        [
            title,
            f"{size} singular values of the Jacobian on {where}, {answers.how_many(count)}",
            "",
            answers.table(("index", *present, ""), rows),
            "",
            f"Above {found.tolerance:.3g} times the first: {significant} of {size}, with a "
            f"condition number of {answers.median_text(found.condition_number)}.",
            *legend,
        ]
    )


def _draw(title: str, found: JacobianModes, figure: Figure) -> None:
    from npnets.figures.jacobian import draw
    from npnets.intervals import medians

    curves = {
        "share of one neuron": found.share,
        "|cosine| with slope": found.cosine_slope,
        "with intercept": found.cosine_intercept,
    }
    draw(
        figure,
        title=answers.figure_title(title, len(found.significant)),
        singular_values=found.singular_values,
        tolerance=found.tolerance,
        curves={name: medians(values) for name, values in curves.items() if values is not None},
    )
