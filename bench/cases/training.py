"""Training, per network: npnets beside PyTorch, jax and scikit-learn.

Compared are the seconds that a network of one shape takes for 2000 steps on one thread. npnets and
jax train 512 networks of the shape together; PyTorch and scikit-learn train one at a time, as they
are used, fewer steps, and their seconds are scaled to 2000. jax is warm; its compilation, which
comes again with every shape, is a row of its own. Not compared: PyTorch's own ensembles (bmm, vmap)
and torch.compile.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from bench.peers import JAX, PEERS, TORCH, Peer, Shape, jax_compile
from bench.runner import Case, Measure, Prepare, Row, clock, require

STEPS = 2000
SHAPES: dict[str, Shape] = {"16": (16,), "5-7-4": (5, 7, 4), "2x8": (2,) * 8}
JAX_AIMS = {"16": 3, "5-7-4": 10}


def cases(quick: bool, folder: Path) -> list[Case]:
    return [case(name, shape, quick) for name, shape in SHAPES.items()]


def case(name: str, shape: Shape, quick: bool) -> Case:
    with_jax = name in JAX_AIMS
    contenders: dict[str, Prepare] = {
        library: partial(seconds_per_network, peer, shape, quick)
        for library, peer in PEERS.items()
        if with_jax or library not in JAX
    }
    rows = [
        Row(f"train {name} vs torch eager", "npnets", tuple(TORCH), at_least=1000),
        Row(f"train {name} vs scikit-learn", "npnets", ("scikit-learn",), at_least=800),
    ]
    if with_jax:
        contenders["jax compile"] = partial(jax_compile_seconds, shape, quick)
        rows += [
            Row(f"train {name} vs jax, 512 alike", "npnets", tuple(JAX), at_least=JAX_AIMS[name]),
            Row(f"jax: compile for {name}", "jax compile", unit="s"),
        ]
    return Case(f"train-{name}", contenders, rows, repeats=3 if quick else 5)


def seconds_per_network(peer: Peer, shape: Shape, quick: bool) -> Measure:
    networks = min(peer.networks, 64) if quick else peer.networks
    steps = peer.steps // 5 if quick else peer.steps
    return clock(peer.task(shape, networks, steps), per=networks * steps / STEPS)


def jax_compile_seconds(shape: Shape, quick: bool) -> Measure:
    require("jax")
    peer = PEERS["jax, data given"]

    def measure() -> float:
        start = time.perf_counter()
        jax_compile(shape, 64 if quick else peer.networks, peer.steps, drawn=False)
        return time.perf_counter() - start

    return measure
