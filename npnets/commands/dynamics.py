"""npnets dynamics: the loss landscape under networks in training."""

from __future__ import annotations

import json
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click

from npnets.commands import landscapes, options

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from npnets.landscape.dynamics import Dynamics


@click.command("dynamics")
@landscapes.source
@landscapes.learning(steps=3000)
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
    """Follow loss, spectrum and movement through training.

    SHAPE is hidden widths like 16 or 5-7-4. Networks are trained, so it can't be a file. They are
    looked at after 0, 25, 50, 100, 200, 500, 1000 and 3000 steps, as far as --steps goes.
    """
    from npnets.commands.subjects import is_file, settings_of, title_of, training_of
    from npnets.curvature import check_dense
    from npnets.landscape.dynamics import CHECKPOINTS, dynamics
    from npnets.network import parameter_count
    from npnets.shapes import format_shape, parse_shape

    output = landscapes.Output(as_json, as_csv, figure)
    if is_file(source):
        raise ValueError(f"SHAPE must be like 16 and no file, for it is trained, got {source!r}")
    shape = parse_shape(source)
    with options.typed_names():
        steps = 3000 if given["steps"] is None else given["steps"]
        target, training = training_of(given | {"steps": steps})
        widths = (training["d_in"], *shape, 1)
        size, seeds = parameter_count(widths), training["seeds"]
        check_dense("hessians of all seeds", (len(seeds) * size, size))
        landscapes.note(f"Training {len(seeds)} networks, and their spectra …")
        found = dynamics(
            shape,
            target,
            checkpoints=[*(step for step in CHECKPOINTS if step < steps), steps],
            n=samples,
            tier_thresholds=tier_thresholds,
            threads=threads,
            **training,
        )
    title = title_of(format_shape(widths), target, training)
    output.show(
        lambda: {**settings_of(target, training), "n": samples, **json.loads(found.to_json())},
        lambda: _rows(found),
        lambda: _text(title, found),
        partial(_draw, title, found),
    )


def _rows(found: Dynamics) -> list[dict[str, Any]]:
    from npnets.landscape.spectrum import Tiers

    per_checkpoint = ("loss", "function_error", "distance", "near_thresholds", "dead")
    return [
        {
            "network": k,
            "step": step,
            **{name: getattr(found, name)[k, c].item() for name in per_checkpoint},
            **dict(zip(Tiers._fields, found.tiers[k, c].tolist(), strict=True)),
        }
        for k in range(len(found.seeds))
        for c, step in enumerate(found.steps.tolist())
    ]


def _text(title: str, found: Dynamics) -> str:
    head = f"{title}\n{landscapes.how_many(len(found.seeds)).capitalize()}."
    parts = [head, _function_text(found), _spectrum_text(found)]
    if len(found.steps) > 1:
        parts += [_movement_text(found), _stopping_text(found)]
    return "\n\n".join(parts)


def _function_text(found: Dynamics) -> str:
    rows = [
        [
            str(step),
            *(
                landscapes.median_text(values[:, c])
                for values in (found.loss, found.function_error, found.distance)
            ),
            "",
        ]
        for c, step in enumerate(found.steps)
    ]
    header = ("step", "MSE on N(0, I)", "RMSE on the grid", "distance to the end", "")
    return landscapes.table(header, rows)


def _spectrum_text(found: Dynamics) -> str:
    from npnets.landscape.spectrum import Tiers

    rows = [
        [
            str(step),
            *(landscapes.median_text(column) for column in found.tiers[:, c].T),
            landscapes.median_text(found.near_thresholds[:, c]),
            landscapes.median_text(found.dead[:, c]),
            "",
        ]
        for c, step in enumerate(found.steps)
    ]
    return (
        "Eigenvalues of the Hessian in each tier; of these, near a threshold; dead parameters\n"
        + landscapes.table(("step", *Tiers._fields, "near", "dead", ""), rows)
    )


def _movement_text(found: Dynamics) -> str:
    import numpy as np

    from npnets.intervals import medians
    from npnets.landscape.spectrum import Tiers

    total = found.movement.sum(axis=2, keepdims=True)
    shares = np.divide(
        found.movement, total, out=np.full(found.movement.shape, np.nan), where=total > 0
    )
    rows = []
    for c, (start, stop) in enumerate(pairwise(found.steps)):
        ways = (found.zero_displacement, found.zero_walk)
        rows.append(
            [
                f"{start}-{stop}",
                *(f"{share:.1f}" for share in medians(100 * shares[:, c]).median),
                *(landscapes.median_text(way[:, c, -1]) for way in ways),
                "",
            ]
        )
    return (
        "Where the squared movement goes, % (medians), and the way from there to the end within\n"
        "zero directions, beside that of a random walk with steps of the same lengths\n"
        + landscapes.table(("steps", *Tiers._fields, "way", "random walk", ""), rows)
    )


def _stopping_text(found: Dynamics) -> str:
    text = landscapes.median_text
    lines = [f"The steep count keeps its last value from step {text(found.settling_step)} on."]
    names = ("steep count has not changed", "loss has not fallen")
    for name, stops in zip(names, found.early_stopping(), strict=True):
        lines.append(
            f"Stopping when the {name} for 3 checkpoints: at step {text(stops.step)}, with "
            f"{text(stops.relative_loss)} times the last loss."
        )
    return "\n".join(lines)


def _draw(title: str, found: Dynamics, figure: Figure) -> None:
    from npnets.figures.dynamics import draw
    from npnets.intervals import medians

    draw(
        figure,
        title=landscapes.figure_title(title, len(found.seeds)),
        steps=found.steps,
        curves={
            "mean squared error on N(0, I)": medians(found.loss),
            "root mean squared error on the grid": medians(found.function_error),
            "distance to the last weights": medians(found.distance),
        },
        counts=medians(found.tiers),
    )
