"""The compiled Hessians against jets, torch and the NumPy form, at every size."""

import numpy as np
import pytest
from jets import hessian as jet_hessian
from test_curvature import assert_near, random_case, torch_loss

from npnets.activations import ACTIVATIONS
from npnets.backends.layout import Layout
from npnets.backprop import gradient
from npnets.curvature import gauss_newton, hessian
from npnets.initializers import initialize
from npnets.landscape.hessians import derivatives, hessians
from npnets.losses import LOSSES
from npnets.network import Network, parameter_count


def random_network(widths, seed=0, activation="tanh"):
    theta = np.random.default_rng(seed).standard_normal(parameter_count(widths))
    return Network.from_parameters(widths, theta, activation, slope=0.1)


def check_case(seed):
    net, x, y, kind = random_case(seed)
    (g,), (h,) = derivatives([net], x, y, kind)
    _, (gn,) = derivatives([net], x, y, kind, gauss_newton=True)
    assert_near(h, hessian(net, x, y, kind), 1e-13)
    assert_near(gn, gauss_newton(net, x, y, kind), 1e-13)
    assert_near(g, gradient(net, x, y, kind), 1e-13)
    assert (h == h.T).all()
    assert (gn == gn.T).all()


@pytest.mark.parametrize("seed", range(48))
def test_kernel_and_numpy_agree(seed):
    check_case(seed)


@pytest.mark.slow
def test_kernel_and_numpy_agree_on_500_networks():
    for seed in range(500):
        check_case(seed)


@pytest.mark.parametrize("seed", range(24))
def test_kernel_numpy_and_second_order_jets_agree(seed):
    net, x, y, kind = random_case(seed)
    x, y = x[:4], y[:4]
    expected = jet_hessian(net, x, y, kind)
    assert_near(hessian(net, x, y, kind), expected, 1e-13)
    assert_near(hessians([net], x, y, kind)[0], expected, 1e-13)


def check_against_torch(seeds):
    torch = pytest.importorskip("torch")
    for seed in seeds:
        net, x, y, kind = random_case(seed)
        loss = torch_loss(torch, net, x, y, kind)
        expected = torch.func.hessian(loss)(torch.tensor(net.parameters)).numpy()
        assert_near(hessians([net], x, y, kind)[0], expected, 1e-13)


def test_compiled_hessians_are_torchs():
    check_against_torch(range(24))


@pytest.mark.slow
def test_500_compiled_hessians_are_torchs():
    check_against_torch(range(500))


@pytest.mark.parametrize("n", [*range(1, 34), 127, 128, 129, 255, 257, 1000])
def test_any_number_of_samples_fills_its_vectors(n):
    net = random_network((2, 3, 2, 1))
    x = np.random.default_rng(n).standard_normal((n, 2))
    assert_near(hessians([net], x, x[:, 0])[0], hessian(net, x, x[:, 0]), 1e-13)


@pytest.mark.parametrize("width", range(1, 10))
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_any_width_fills_its_tiles(width, depth):
    net = random_network((3, *[width] * depth, 2), seed=width)
    x = np.random.default_rng(0).standard_normal((40, 3))
    y = np.random.default_rng(1).standard_normal((40, 2))
    assert_near(hessians([net], x, y)[0], hessian(net, x, y), 1e-13)


def test_a_wide_network_takes_smaller_chunks_for_the_same_hessian():
    net = random_network((1, 150, 1), activation="gelu")  # 150² couplings: rows of few blocks
    x = np.random.default_rng(0).standard_normal((300, 1))
    assert_near(hessians([net], x, x**2)[0], hessian(net, x, x**2), 1e-13)


def mixed_networks():
    shapes = [(1,), (16,), (5, 7, 4), (2,) * 8, (3, 1, 3), ()]
    return [
        random_network((1, *shape, 1), seed, ACTIVATIONS[seed % len(ACTIVATIONS)])
        for seed, shape in enumerate(shapes * 4)
    ]


@pytest.mark.parametrize("kind", LOSSES)
def test_a_network_has_the_same_bytes_alone_in_a_crowd_and_on_any_number_of_threads(kind):
    nets, x = mixed_networks(), np.random.default_rng(0).standard_normal(77)
    y = np.ones((77, 1))
    alone = [derivatives([net], x, y, kind, threads=1) for net in nets]
    for threads in (1, 2, 5):
        crowd = derivatives(nets, x, y, kind, threads=threads)
        for one, g, h in zip(alone, *crowd, strict=True):
            assert one.gradients[0].tobytes() == g.tobytes()
            assert one.matrices[0].tobytes() == h.tobytes()
    backwards = derivatives(nets[::-1], x, y, kind, threads=1).matrices[::-1]
    assert all((a.matrices[0] == b).all() for a, b in zip(alone, backwards, strict=True))


def test_a_dead_neuron_has_rows_of_zeros():
    net = Network([[[1.0], [1.0]], [[1.0, 2.0]]], [[0.0, -100.0], [0.5]])
    x = np.random.default_rng(0).standard_normal(200)
    (g,), (h,) = derivatives([net], x, x**2)
    dead = [1, 3, 5]  # its weight, its bias, and the weight that reads it
    assert (h[dead] == 0).all()
    assert (h[:, dead] == 0).all()
    assert (g[dead] == 0).all()
    assert np.count_nonzero(h) > 0


def test_a_float32_network_is_differentiated_in_float64():
    theta = initialize((1, 4, 1), seed=1).parameters.astype(np.float32)
    single = Network.from_parameters((1, 4, 1), theta)
    assert single.dtype == np.float32
    double = Network.from_parameters((1, 4, 1), theta.astype(np.float64))
    x = np.random.default_rng(0).standard_normal(50)
    assert (hessians([single], x, x)[0] == hessians([double], x, x)[0]).all()


def test_saturated_outputs_have_no_curvature_and_no_nan():
    net = Network([[[1000.0], [-1000.0]]], [[0.0, 0.0]])
    for kind in ("binary_cross_entropy", "softmax_cross_entropy"):
        (h,) = hessians([net], [1.0, -1.0], [[1.0, 0.0], [0.0, 1.0]], kind)
        np.testing.assert_allclose(h, np.zeros((4, 4)), atol=1e-30)


def test_no_networks_have_no_hessians():
    assert hessians([], [1.0], [1.0]) == []


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([[1.0], [2.0]], [[1.0]], "y must have one row per sample: 2, got shape"),
        ([[1.0, 2.0]], [[1.0]], r"x must have shape \(n, 1\), got \(1, 2\)"),
        ([[np.nan]], [[1.0]], "x must be finite, got nan"),
        ([[1.0]], [[np.inf]], "y must be finite, got inf"),
        (np.empty((0, 1)), np.empty((0, 1)), "must hold at least one sample, got none"),
    ],
)
def test_bad_data_are_named(x, y, message):
    with pytest.raises(ValueError, match=message):
        hessians([initialize((1, 2, 1))], x, y)


def test_bad_networks_and_choices_are_named():
    net, wrong = initialize((1, 2, 1)), initialize((2, 2, 1))
    with pytest.raises(
        ValueError, match=r"nets must all have 1 inputs .* \(2, 2, 1\) for nets\[1\]"
    ):
        hessians([net, wrong], [1.0], [1.0])
    broken = Network.from_parameters((1, 2, 1), np.full(7, np.nan))
    with pytest.raises(ValueError, match=r"parameters of nets\[1\] must be finite, got nan"):
        hessians([net, broken], [1.0], [1.0])
    with pytest.raises(ValueError, match="kind must be one of"):
        hessians([net], [1.0], [1.0], "mae")
    with pytest.raises(ValueError, match="threads must be an integer >= 1, got 0"):
        hessians([net], [1.0], [1.0], threads=0)
    wide = Network([np.ones((20_000, 1)), np.ones((1, 20_000))], [np.ones(20_000), np.ones(1)])
    with pytest.raises(ValueError, match=r"would take 26\.8: use hvp"):
        hessians([net, wide], [1.0], [1.0])


@pytest.mark.parametrize(
    "widths", [(40, 1, 1), (1, 1, 40), (30, 2, 3), (2, 3, 30), (1, *[2] * 60, 1)]
)
def test_many_inputs_outputs_or_layers_agree_with_numpy(widths):
    net = random_network(widths)
    x = np.random.default_rng(0).standard_normal((20, widths[0]))
    y = np.random.default_rng(1).standard_normal((20, widths[-1]))
    assert_near(hessians([net], x, y)[0], hessian(net, x, y), 1e-13)


def test_what_a_kernel_works_in_is_bounded_by_its_matrix():
    from npnets_kernels.hessian import workspace_size

    for widths in [(3000, 1, 1), (1, 1, 3000), (1, 1000, 1), (1, 100, 100, 1), (16, 1)]:
        layout = Layout.of([widths])
        numbers = workspace_size(layout.widths, layout.width_offsets, 128, True)
        assert 8 * numbers <= 16 * (8 * parameter_count(widths) ** 2 + 2**20)


def test_a_hessian_that_overflows_is_named():
    nets = [initialize((1, 1, 1)), Network([[[1e200]], [[1e200]]], [[0.0], [0.0]])]
    with pytest.raises(ValueError, match=r"nets\[1\] must have a finite Hessian on x and y"):
        hessians(nets, [1.0], [1.0])
    with pytest.raises(ValueError, match="net must have a finite Hessian on x and y"):
        hessian(nets[1], [1.0], [1.0])
    assert np.isnan(derivatives(nets, [1.0], [1.0]).matrices[1]).any()


def test_compiled_hessians_are_jaxs():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    for widths, seed in [((1, 16, 1), 0), ((2, 3, 4, 2), 1)]:
        net = random_network(widths, seed)
        x = np.random.default_rng(seed).standard_normal((50, widths[0]))
        y = np.random.default_rng(seed + 1).standard_normal((50, widths[-1]))

        def loss(theta, net=net, x=x, y=y):
            a, start = x, 0
            for layer, w in enumerate(net.weights):
                middle, stop = start + w.size, start + w.size + len(w)
                a = a @ theta[start:middle].reshape(w.shape).T + theta[middle:stop]
                a = jax.numpy.tanh(a) if layer < net.depth else a
                start = stop
            return jax.numpy.mean((a - y) ** 2)

        expected = np.asarray(jax.hessian(loss)(net.parameters))
        assert_near(hessians([net], x, y)[0], expected, 1e-13)
