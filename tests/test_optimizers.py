"""Optimizers: trajectories against the oracle and torch.optim, dtypes, and bad constants."""

import naive
import numpy as np
import pytest

from npnets.backprop import gradient
from npnets.initializers import initialize
from npnets.network import Network
from npnets.optimizers import OPTIMIZERS, SGD, Adam, Momentum, adam_scalars, make_optimizer


def gradients(steps=30, count=7):
    scales = 10.0 ** np.arange(-4, count - 4)
    return np.random.default_rng(0).standard_normal((steps, count)) * scales


def test_trajectories_equal_the_oracle():
    theta = {name: np.ones(7) for name in OPTIMIZERS}
    optimizers = {name: make_optimizer(name, 0.05) for name in OPTIMIZERS}
    adam, sgd, momentum = [1.0] * 7, [1.0] * 7, [1.0] * 7
    m = v = buffer = [0.0] * 7
    for t, g in enumerate(gradients(), start=1):
        for name, optimizer in optimizers.items():
            theta[name] = optimizer.step(theta[name], g)
        adam, m, v = naive.adam_step(adam, g, m, v, t, lr=0.05)
        sgd = naive.sgd_step(sgd, g, lr=0.05)
        momentum, buffer = naive.momentum_step(momentum, g, buffer, lr=0.05)
    np.testing.assert_allclose(theta["adam"], adam, rtol=1e-10)
    np.testing.assert_allclose(theta["sgd"], sgd, rtol=1e-12)
    np.testing.assert_allclose(theta["momentum"], momentum, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_follows_torch_optim_on_the_same_weights_and_batches(name, dtype):
    torch = pytest.importorskip("torch")
    nn = torch.nn
    theta = initialize((1, 5, 4, 1), seed=3).parameters.astype(dtype)
    model = nn.Sequential(nn.Linear(1, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 1))
    model.to(getattr(torch, dtype))
    nn.utils.vector_to_parameters(torch.tensor(theta), model.parameters())
    theirs = {
        "adam": lambda p: torch.optim.Adam(p, lr=0.01),
        "sgd": lambda p: torch.optim.SGD(p, lr=0.01),
        "momentum": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9),
    }[name](model.parameters())
    ours = make_optimizer(name, 0.01)
    rng = np.random.default_rng(0)
    for _ in range(50):
        x = rng.standard_normal((16, 1)).astype(dtype)
        theirs.zero_grad()
        nn.functional.mse_loss(model(torch.tensor(x)), torch.tensor(x**2)).backward()
        theirs.step()
        net = Network.from_parameters((1, 5, 4, 1), theta)
        theta = ours.step(theta, gradient(net, x, x**2))
    expected = nn.utils.parameters_to_vector(model.parameters()).detach().numpy()
    tolerance = 1e-11 if dtype == "float64" else 2e-4
    assert theta.dtype == expected.dtype == dtype
    np.testing.assert_allclose(theta, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("lr", [0.01, np.float64(0.01), np.float32(0.01), 1])
def test_float32_stays_float32_and_the_input_is_left_alone(name, lr):
    optimizer = make_optimizer(name, lr)
    theta = np.ones(3, np.float32)
    for _ in range(3):
        stepped = optimizer.step(theta, np.ones(3, np.float32))
        assert stepped.dtype == np.float32
    np.testing.assert_array_equal(theta, np.ones(3))


def test_numpy_constants_do_not_promote_adam():
    adam = Adam(np.float64(0.1), (np.float64(0.9), np.float64(0.99)), np.float64(1e-8))
    assert adam.step(np.ones(2, np.float32), np.ones(2, np.float32)).dtype == np.float32


def test_adams_scalars_follow_their_closed_form():
    step_size, root = adam_scalars(1, lr=0.01)
    assert step_size == pytest.approx(0.1)
    assert root == pytest.approx(np.sqrt(0.001))
    assert adam_scalars(10**6, lr=0.01) == (0.01, 1.0)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_bowl_is_descended(name):
    theta, optimizer = np.array([3.0, -2.0]), make_optimizer(name, 0.05)
    for _ in range(500):
        theta = optimizer.step(theta, 2 * theta)
    assert np.abs(theta).max() < 1e-3


@pytest.mark.parametrize("optimizer", [Adam, SGD, Momentum])
@pytest.mark.parametrize("lr", [np.nan, np.inf, 0, -0.1, "0.1", None])
def test_lr_must_be_positive_and_finite(optimizer, lr):
    with pytest.raises(ValueError, match="lr must be a positive finite number, got"):
        optimizer(lr)


@pytest.mark.parametrize("name", ["Adam", "rmsprop", "", None, []])
def test_an_unknown_optimizer_lists_the_choices(name):
    with pytest.raises(ValueError, match="optimizer must be one of adam, sgd, momentum, got"):
        make_optimizer(name)


def test_decays_must_lie_below_one():
    with pytest.raises(ValueError, match=r"betas\[1\] must lie in \[0, 1\), got 1.0"):
        Adam(betas=(0.9, 1.0))
    with pytest.raises(ValueError, match=r"mu must lie in \[0, 1\), got nan"):
        Momentum(mu=np.nan)
