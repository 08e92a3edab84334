"""npnets anatomy: tier counts of one hidden layer, neuron by neuron."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from npnets.commands import answers
from npnets.commands.asked import Asked, asking, json_epilog

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from npnets.landscape.anatomy import Anatomy


@click.command(
    "anatomy",
    epilog=json_epilog(
        "tier_thresholds; neurons and, for each number of them, shapes: what npnets spectrum has "
        "of one shape, with its widths and parameters, trained and polished.",
        of="",
    ),
)
@click.option(
    "--neurons", type=int, default=16, show_default=True, help="Of the widest hidden layer."
)
@asking(steps=2000)
def command(neurons: int, asked: Asked) -> None:
    """Count eigenvalues in tiers while a hidden layer grows.

    Networks are trained at every width from no neuron on, so there is no file to give. The tiers
    are those of npnets spectrum, counted where training ended, and polished, at the minimum below.
    """
    from npnets.commands.subjects import settings_of, title_of, training_of
    from npnets.curvature import check_dense
    from npnets.landscape.anatomy import anatomy
    from npnets.network import parameter_count
    from npnets.protocol import check_count

    check_count("neurons", neurons, 0)
    target, training = training_of(asked)
    size = parameter_count((asked.d_in, max(1, neurons), 1))
    check_dense("hessians of all seeds", (asked.seeds * size, size))
    found = anatomy(
        range(neurons + 1),
        target,
        n=asked.samples,
        tier_thresholds=asked.tier_thresholds,
        threads=asked.threads,
        progress=lambda k: answers.note(f"{k} of {neurons} neurons …"),
        **training,
    )
    settings = settings_of(target, training) | {
        "n": asked.samples,
        "tier_thresholds": asked.tier_thresholds,
        "neurons": found.neurons,
    }
    title = title_of(f"{training['d_in']}-k-1", target, training)
    answers.show(
        asked,
        lambda: {**settings, **found.record()},
        found.rows,
        lambda: _text(title, found),
        partial(_draw, title, found),
    )


def _text(title: str, found: Anatomy) -> str:
    from npnets.commands.spectrum import ends_text
    from npnets.landscape.spectrum import Tiers

    first = found.spectra[0]
    head = (
        f"Eigenvalues of the Hessian on {first.n} samples, {answers.how_many(len(first.reasons))}"
    )
    names = (*Tiers._fields, "near_thresholds", "functional_fraction")
    parts = [title, head]
    for place in ("trained", "polished"):
        rows = []
        for k, spectra in zip(found.neurons, found.spectra, strict=True):
            columns = getattr(spectra, place).columns
            rows.append([str(k), *(answers.median_text(columns[name]) for name in names)])
        header = ("k", *Tiers._fields, "near", "steep share")
        parts.append(f"\n{place}:\n{answers.table(header, rows)}")
    floor = max(spectra.trained.floor.max() for spectra in found.spectra)
    near = (
        "near: of these, nearer to a threshold than the floor, the precision of an eigenvalue "
        f"(at most {floor:.2g})."
    )
    reasons = [reason for spectra in found.spectra for reason in spectra.reasons]
    kinks = [count for spectra in found.spectra for count in spectra.kinks]
    return "\n".join([*parts, "", near, ends_text(reasons, kinks)])


def _draw(title: str, found: Anatomy, figure: Figure) -> None:
    import numpy as np

    from npnets.figures.tier_counts import draw
    from npnets.intervals import medians

    places = {
        "as trained": [spectra.trained for spectra in found.spectra],
        "polished": [spectra.polished for spectra in found.spectra],
    }
    draw(
        figure,
        title=answers.figure_title(title, len(found.spectra[0].reasons)),
        neurons=np.array(found.neurons),
        counts={
            name: medians(np.stack([one.tiers for one in place], axis=1))
            for name, place in places.items()
        },
        fractions={
            name: medians(np.stack([one.functional_fraction for one in place], axis=1))
            for name, place in places.items()
        },
    )
