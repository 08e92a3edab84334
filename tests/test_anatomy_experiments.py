"""What the experiments on the anatomy of networks count, on numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from npnets.experiments import (
    eigenvalues_neuron_by_neuron,
    eigenvalues_of_sixteen,
    jacobian_of_sixteen,
)
from npnets.experiments.walks_along_eigenvectors import BOUND, DISTANCES, WEAK, Config, _walks
from npnets.landscape.replicates import replicates
from npnets.landscape.spectrum import spectrum
from npnets.samples import held_out


def values(measurements) -> dict[tuple[str, str], float]:
    return {(one.name, one.variant): one.median for one in measurements}


def test_negative_eigenvalues_are_zeros_or_what_their_magnitude_is():
    eigenvalues = np.array([[5.0, 0.05, 5e-4, 5e-7, -5e-4], [5.0, 2.0, 1.0, 0.0, -0.2]])
    assert eigenvalues_of_sixteen.tier_counts(eigenvalues).tolist() == [[1, 1, 1, 2], [3, 0, 0, 2]]
    by_magnitude = eigenvalues_of_sixteen.tier_counts(eigenvalues, "|λ|")
    assert by_magnitude.tolist() == [[1, 1, 2, 1], [4, 0, 0, 1]]


def test_counts_on_a_line_have_its_slope_and_a_share_of_one_over_k_the_exponent_minus_one():
    module, k = eigenvalues_neuron_by_neuron, np.arange(17)
    tiers = np.stack([np.full(17, 2), k, 2 * k, k**2], axis=1)[None].repeat(6, axis=0)
    one = module.Replicates("torch", tiers, tiers, tiers, tiers, k, np.ones(6))
    found = values(module.check(module.Result(np.maximum(4 * k, 2), np.array([2.0, 2.0]), (one,))))
    expected = {
        "steep_at_1": 2,
        "moderate_at_1": 1,
        "flat_at_1": 3,
        "steep_per_neuron": 0,
        "moderate_per_neuron": 1,
        "weak_per_neuron": 2,
        "fraction_at_1": 0.5,
        "fraction_at_16": 1 / 32,
        "fraction_exponent": -1,
    }
    for name, value in expected.items():
        assert found[name, "init=torch, tiers of λ"] == pytest.approx(value, abs=1e-12)


def test_singular_values_are_significant_above_each_tolerance_and_zero_below_a_double_s_rank():
    module = jacobian_of_sixteen
    double = np.array([[100.0, 10.0, 0.5, 0.05, 1e-4, 1e-13]])
    single = np.array([[100.0, 10.0, 0.5, 0.05, 1e-4, 1e-6]])
    shares = np.array([[0.1, 0.2, 0.3, 0.4, 0.5, 1.0]])
    one = module.Replicates("torch", double, single, shares, shares / 2, shares / 4)
    found = values(module.check(module.Result(1000, (one,))))
    variants = {
        "double precision, above a rank's tolerance": (5, 1e-4),
        "single precision, above a rank's tolerance": (4, 1e-6),
        "single precision, above 0.001 of the first": (3, 1e-6),
        "single precision, above 0.01 of the first": (2, 1e-6),
    }
    for variant, (significant, last) in variants.items():
        assert found["significant", f"init=torch, {variant}"] == significant
        assert found["sigma_last", f"init=torch, {variant}"] == last
        assert found["locality", f"init=torch, {variant}"] == 0.3
        assert found["global_cosine", f"init=torch, {variant}"] == 0.5


def test_walks_are_what_a_network_written_out_says_of_every_eigenvector():
    k, n = 3, 200
    (net,) = replicates((k,), "linear", seeds=[9])  # whose loss differs between both ways
    theta, x = net.parameters.astype(np.float64), held_out(1)[:n]
    found = spectrum(net, x, 2 * x + 1)

    def loss(t: np.ndarray) -> float:
        outputs = np.maximum(0, x * t[:k] + t[k : 2 * k]) @ t[2 * k : 3 * k] + t[3 * k]
        return float(np.mean((outputs - 2 * x[:, 0] - 1) ** 2))

    def larger(vector: np.ndarray, distance: float) -> float:
        return max(loss(theta + distance * vector), loss(theta - distance * vector))

    for walks in _walks(Config(neurons=k, samples=n), [net]):
        size = np.abs(found.eigenvalues) if walks.reading == "|λ|" else found.eigenvalues
        tiers = np.searchsorted([-0.1, -1e-3, -1e-6], -size, side="left")
        assert walks.counts.tolist() == [[int(np.sum(tiers == t)) for t in range(4)]]
        for t, j in np.ndindex(4, len(DISTANCES)):
            inside = found.eigenvectors.T[tiers == t]
            losses = [larger(vector, DISTANCES[j]) for vector in inside]
            expected = np.mean(losses) if losses else np.nan
            np.testing.assert_allclose(walks.loss[0, t, j], expected, rtol=1e-6)
        weak = found.eigenvectors.T[tiers == WEAK]
        assert len(weak) >= 3
        steps = np.arange(0, 10, 1e-3)
        passed = [next(t for t in steps if larger(vector, t) > BOUND) for vector in weak]
        reach = np.median(passed) / np.linalg.norm(theta)
        assert walks.reach[0] == pytest.approx(reach, abs=2e-3 / np.linalg.norm(theta))
