"""Which networks a study trains, in which order, and with which settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from npnets.activations import ACTIVATIONS, get_activation
from npnets.choices import check_choice
from npnets.initializers import SCHEMES, initial_parameters
from npnets.optimizers import OPTIMIZERS, check_lr
from npnets.protocol import DTYPES, check_batch_size, check_count
from npnets.shapes import Shape, composition_count, format_shape, sample_compositions
from npnets.targets import check_learnable, get_target

MAX_NETWORKS = 2**22
MAX_NEURONS = 1000
MAX_INPUTS = 1000
MAX_SHARD = 256
MAX_SHARD_STEPS = MAX_SHARD * 2000  # longer training makes smaller shards: none is lost for long
MAX_STEPS = 10**9


@dataclass(frozen=True)
class Settings:
    """How every network of a store is trained; two settings never share a store.

    Raises
    ------
    ValueError
        Naming the setting, its rule and the value it got.

    >>> Settings(lr=float("nan"))
    Traceback (most recent call last):
        ...
    ValueError: lr must be a positive finite number, got nan
    """

    neurons: int = 16
    d_in: int = 1
    steps: int = 2000
    batch_size: int = 64
    lr: float = 0.01
    optimizer: str = "adam"
    activation: str = "relu"
    slope: float = 0.01
    init: str = "torch"
    dtype: str = "float32"

    def __post_init__(self) -> None:
        check_count("neurons", self.neurons, 1, MAX_NEURONS)
        check_count("d_in", self.d_in, 1, MAX_INPUTS)
        check_count("steps", self.steps, 1, MAX_STEPS)
        check_batch_size(self.batch_size, self.d_in)
        check_lr(self.lr)
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        check_choice("activation", self.activation, ACTIVATIONS)
        get_activation(self.activation, self.slope)
        check_choice("dtype", self.dtype, DTYPES)
        check_choice("init", self.init.partition(":")[0], SCHEMES)
        initial_parameters((1, 1), self.init, 0, self.activation, self.slope)

    def check_same(self, stored: Mapping[str, Any], store: object) -> None:
        """Refuse a store whose networks were trained otherwise.

        Raises
        ------
        ValueError
            Naming every setting that differs.
        """
        mine = asdict(self)
        differing = [name for name in mine if stored.get(name) != mine[name]]
        if differing:
            was = ", ".join(f"{name}={stored.get(name)}" for name in differing)
            asked = ", ".join(f"{name}={mine[name]}" for name in differing)
            raise ValueError(
                f"store {store} was made with {was}, this run asks for {asked}: "
                "use another store or the same settings"
            )


@dataclass(frozen=True)
class Shard:
    """Networks that are trained together and stored in one transaction."""

    target: str
    seed: int
    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class Plan:
    """The networks that a study is to hold: targets × shapes × seeds.

    Parameters
    ----------
    settings : Settings
    targets : tuple of str
        Names or expressions; kept as canonical names, each once.
    depths : (int, int)
        The smallest and the largest number of hidden layers.
    seeds : int
        Replicates: seeds 0, 1, …, seeds - 1.
    sample : int, optional
        The number of shapes drawn at each depth; all of them where there are no more.

    Raises
    ------
    ValueError
        Naming what is out of range, unknown, or too much.

    >>> Plan(Settings(), ("linear", "quadratic"), (1, 16)).count()
    65536
    """

    settings: Settings
    targets: tuple[str, ...]
    depths: tuple[int, int]
    seeds: int = 1
    sample: int | None = None

    def __post_init__(self) -> None:
        neurons, (shallowest, deepest) = self.settings.neurons, self.depths
        if not 1 <= shallowest <= deepest <= neurons:
            raise ValueError(
                f"depth must be from 1 to the number of neurons ({neurons}), smallest first, "
                f"got {shallowest}:{deepest}"
            )
        check_count("seeds", self.seeds, 1)
        if self.sample is not None:
            check_count("sample", self.sample, 1)
        targets = [get_target(name, self.settings.d_in) for name in self.targets]
        if not targets:
            raise ValueError("targets must name at least one target, got none")
        object.__setattr__(self, "targets", tuple(dict.fromkeys(t.name for t in targets)))
        if self.count() > MAX_NETWORKS:
            raise ValueError(
                f"a study must have at most {MAX_NETWORKS:,} networks, this one has "
                f"{_readable(self.count())}: use fewer neurons or --sample"
            )
        for target in targets:
            check_learnable(target, self.settings.dtype)

    def count(self) -> int:
        """The number of networks of the finished study."""
        shapes = sum(self._count_at(depth) for depth in self._depths())
        return shapes * len(self.targets) * self.seeds

    def shards(self, stored: Iterable[tuple[str, str, int]] = (), threads: int = 1) -> list[Shard]:
        """What is left to train, in shards of at most 256 networks.

        Every shard takes shapes of all depths in their proportions, in random order, and targets
        take turns. So the rate is the same all along, and a study that is interrupted holds a
        fair sample of the whole. Small studies get small shards, for every thread to have some,
        and so does long training, for little to be lost when it is interrupted.
        """
        stored = set(stored)
        shapes = [(shape, format_shape(shape)) for shape in self._shapes()]
        groups = {
            (target, seed): [s for s, text in shapes if (target, text, seed) not in stored]
            for seed in range(self.seeds)
            for target in self.targets
        }
        size = min(MAX_SHARD, max(16, sum(map(len, groups.values())) // (8 * threads)))
        size = max(1, min(size, MAX_SHARD_STEPS // self.settings.steps))
        by_seed = [
            [list(_deal(target, seed, groups[target, seed], size)) for target in self.targets]
            for seed in range(self.seeds)
        ]
        turns = (turn for shards in by_seed for turn in zip_longest(*shards))
        return [shard for turn in turns for shard in turn if shard]

    def _depths(self) -> range:
        return range(self.depths[0], self.depths[1] + 1)

    def _count_at(self, depth: int) -> int:
        number = composition_count(self.settings.neurons, depth)
        return number if self.sample is None else min(number, self.sample)

    def _shapes(self) -> list[Shape]:
        """The shapes by depth, at random within each depth."""
        return [
            shape
            for depth in self._depths()
            for shape in sample_compositions(self.settings.neurons, depth, self._count_at(depth))
        ]


def _deal(target: str, seed: int, shapes: list[Shape], size: int) -> Iterator[Shard]:
    """Deal the shapes out like cards, to as few hands of at most ``size`` as will do."""
    hands = -(-len(shapes) // size)
    for hand in range(hands):
        yield Shard(target, seed, tuple(shapes[hand::hands]))


def _readable(count: int) -> str:
    return f"{count:,}" if count < 10**15 else f"about {Decimal(count):.2e}"
