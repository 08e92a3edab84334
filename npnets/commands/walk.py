"""npnets walk: the loss along the eigenvectors of the Hessian."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from npnets.commands import landscapes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from npnets.landscape.tier_walks import TierWalks


@click.command("walk")
@landscapes.source
@landscapes.learning(steps=2000)
@landscapes.samples
@landscapes.thresholds
@landscapes.threads
@landscapes.outputs
def command(
    source: str,
    samples: int,
    tier_thresholds: tuple[float, float, float],
    threads: int | None,
    as_json: bool,
    as_csv: bool,
    figure: Any,
    **given: Any,
) -> None:
    """Take the loss along every eigenvector of the Hessian.

    SHAPE is hidden widths like 16 or 5-7-4, to be trained, or the file of a network (.npz,
    .safetensors), which needs a --target. Of the two ways along an eigenvector the worse counts.
    """
    from npnets.commands.subjects import subject
    from npnets.landscape.tier_walks import tier_walks
    from npnets.samples import held_out

    output = landscapes.Output(as_json, as_csv, figure)
    of = subject(source, threads, **given)
    assert of.target is not None
    landscapes.note("Walking …")
    x = held_out(of.target.d_in)[:samples]
    y = of.target(x)
    found = tier_walks(of.networks, x, y, tier_thresholds=tier_thresholds, threads=threads)
    settings = {"n": samples, "tier_thresholds": tier_thresholds}
    output.show(
        lambda: {**of.settings, **settings, **found.record()},
        found.rows,
        lambda: _text(of.title, samples, found),
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
                    landscapes.median_text(measured[some, tier, j]),
                    number(np.median(predicted[some, tier, j])),
                    f"{name} ({np.median(found.tier_count[:, tier]):g} eigenvectors)",
                )
            )
    head = (
        f"Mean squared error on {samples} samples, mean over a tier's eigenvectors, "
        f"{landscapes.how_many(len(measured))}"
    )
    norm = landscapes.median_text(found.weight_norm)
    return "\n".join(
        [
            title,
            head,
            "",
            landscapes.table(("distance", "measured", "predicted", "along"), rows),
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
        title=landscapes.figure_title(title, len(found.weight_norm)),
        distances=found.distances,
        measured=medians(found.tier_loss),
        predicted=medians(found.tier_predicted).median,
        weight_norm=float(np.median(found.weight_norm)),
    )
