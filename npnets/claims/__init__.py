"""The registry: every claim of the four sources as data, with the rule that decides it."""

from __future__ import annotations

import re
from difflib import get_close_matches
from itertools import groupby

from npnets.claims import (
    anatomy_of_dead_neurons,
    anatomy_of_jacobians,
    anatomy_of_parameters,
    anatomy_of_shapes,
    anatomy_of_training,
    depth,
    effective_dimension,
    perceptrons,
)
from npnets.claims.measurement import Measurement
from npnets.claims.model import Claim, Figure

__all__ = ["CLAIMS", "Claim", "Figure", "Measurement", "get_claim"]

_BY_SOURCE = (
    *anatomy_of_parameters.CLAIMS,
    *anatomy_of_training.CLAIMS,
    *anatomy_of_jacobians.CLAIMS,
    *anatomy_of_shapes.CLAIMS,
    *anatomy_of_dead_neurons.CLAIMS,
    *effective_dimension.CLAIMS,
    *perceptrons.CLAIMS,
    *depth.CLAIMS,
)

#: by id, in order: A0 to A26, B1 to B5, C1 to C14, D1 to D9
CLAIMS: dict[str, Claim] = {
    claim.id: claim for claim in sorted(_BY_SOURCE, key=lambda one: (one.id[0], int(one.id[1:])))
}


def get_claim(id: str) -> Claim:
    """The claim of an id, in either case.

    Raises
    ------
    ValueError
        If there is none; the message names the nearest, or how to write several.

    >>> get_claim("a9").id
    'A9'
    >>> get_claim("A27")
    Traceback (most recent call last):
        ...
    ValueError: claim must be one of A0–A26, B1–B5, C1–C14, D1–D9, got 'A27' (did you mean 'A7'?)
    >>> get_claim("A1,A2")
    Traceback (most recent call last):
        ...
    ValueError: claim must be one of A0–A26, B1–B5, C1–C14, D1–D9, got 'A1,A2' (write A1 A2)
    """
    if id.upper() in CLAIMS:
        return CLAIMS[id.upper()]
    letters = [list(ids) for _, ids in groupby(CLAIMS, key=lambda one: one[0])]
    ranges = ", ".join(f"{ids[0]}–{ids[-1]}" for ids in letters)
    raise ValueError(f"claim must be one of {ranges}, got {id!r}{_hint(id.upper())}")


def _hint(id: str) -> str:
    several = re.split(r"[\s,;+]+", id.strip(" ,;"))
    if id != several[0] and all(one in CLAIMS for one in several):
        return f" (write {' '.join(several)})"
    nearest = get_close_matches(id, CLAIMS, n=1)
    return f" (did you mean {nearest[0]!r}?)" if nearest else ""
