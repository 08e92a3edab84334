"""npnets walk: the loss along the eigenvectors of the Hessian."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from npnets.commands import answers
from npnets.commands.asked import Asked, asking, json_epilog, shape

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from npnets.landscape.tier_walks import TierWalks


@click.command(
    "walk",
    epilog=json_epilog(
        "tier_thresholds; distances (the same for all), weight_norm of each network and, of each "
        "of the tiers (steep, moderate, weak, zero, negative), the number of eigenvectors of each"
        " network with their mean loss and predicted loss at each distance.",
        file=True,
    ),
)
@shape
@asking(steps=2000)
def command(source: str, asked: Asked) -> None:
    """Take the loss along every eigenvector of the Hessian.

    SHAPE is hidden widths like 16 or 5-7-4, to be trained, or the file of a network (.npz,
    .safetensors, .onnx), which needs a --target. Of the two ways along an eigenvector the worse
    counts.
    """
    from npnets.commands.subjects import subject
    from npnets.landscape.tier_walks import tier_walks
    from npnets.samples import held_out

    of = subject(source, asked)
    assert of.target is not None
    answers.note("Walking …")
    x = held_out(of.target.d_in)[: asked.samples]
    y = of.target(x)
    found = tier_walks(
        of.networks, x, y, tier_thresholds=asked.tier_thresholds, threads=asked.threads
    )
    settings = {"n": asked.samples, "tier_thresholds": asked.tier_thresholds}
    answers.show(
        asked,
        lambda: {**of.settings, **settings, **found.record()},
        found.rows,
        lambda: _text(of.title, asked.samples, found),
        partial(_draw, of.title, found),
    )


def _text(title: str, samples: int, found: TierWalks) -> str:
    import numpy as np

    from npnets.commands.tables import number
    from npnets.landscape.spectrum import Tiers

    shown = [j for j, t in enumerate(found.distances) if np.log10(t).is_integer()]
    measured, predicted = found.tier_loss, found.tier_predicted
    rows = []
    for tier, name in enumerate(Tiers._fields):
        some = found.tier_count[:, tier] > 0
        for j in shown if some.any() else ():
            rows.append(
                (
                    f"{found.distances[j]:g}",
                    answers.median_text(measured[some, tier, j]),
                    number(np.median(predicted[some, tier, j])),
                    f"{name} ({np.median(found.tier_count[:, tier]):g} eigenvectors)",
                )
            )
    head = (
        f"Mean squared error on {samples} samples, mean over a tier's eigenvectors, "
        f"{answers.how_many(len(measured))}"
    )
    norm = answers.median_text(found.weight_norm)
    return "\n".join(
        [
            title,
            head,
            "",
            answers.table(("distance", "measured", "predicted", "along"), rows),
            "",
            f"Predicted from gradient and curvature. For comparison, the weights' norm is {norm}.",
        ]
    )


def _draw(title: str, found: TierWalks, figure: Figure) -> None:
    import numpy as np

    from npnets.figures.walk import draw
    from npnets.intervals import medians

    draw(
        figure,
        title=answers.figure_title(title, len(found.weight_norm)),
        distances=found.distances,
        measured=medians(found.tier_loss),
        predicted=medians(found.tier_predicted).median,
        weight_norm=float(np.median(found.weight_norm)),
    )
