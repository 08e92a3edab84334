"""Adam without a gradient: the closed forms against Adam itself, and against torch's."""

import numpy as np
import pytest

from npnets.landscape.coasting import coast, coast_bound, furthest_coast, kick
from npnets.optimizers import Adam


def after(gradients, steps, lr=0.01):
    """Adam's state after these gradients, and where it goes in so many steps without any."""
    adam, theta = Adam(lr), np.zeros_like(gradients[0])
    for g in gradients:
        theta = adam.step(theta, g)
    state, start = (adam.m.copy(), adam.v.copy(), adam.t), theta
    path = []
    for _ in range(steps):
        theta = adam.step(theta, np.zeros_like(theta))
        path.append(theta - start)
    return state, np.array(path)


@pytest.mark.parametrize("count", [1, 7, 100, 3000])
def test_the_closed_form_is_what_adam_does(count):
    gradients = np.random.default_rng(count).standard_normal((count, 20))
    (m, v, t), path = after(gradients, 200)
    np.testing.assert_allclose(coast(m, v, t, 200), path, rtol=1e-9, atol=1e-15)
    assert (np.abs(path) <= coast_bound(m, v)).all()
    assert (np.abs(path) <= furthest_coast()).all()


def test_the_closed_form_is_what_torchs_adam_does():
    torch = pytest.importorskip("torch")
    theta = torch.zeros(5, dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([theta], lr=0.01)
    gradients = np.random.default_rng(0).standard_normal((50, 5))
    for g in gradients:
        theta.grad = torch.tensor(g)
        adam.step()
    state, start = adam.state[theta], theta.detach().numpy().copy()
    m, v = state["exp_avg"].numpy().copy(), state["exp_avg_sq"].numpy().copy()
    for _ in range(150):
        theta.grad = torch.zeros(5, dtype=torch.float64)
        adam.step()
    moved = theta.detach().numpy() - start
    np.testing.assert_allclose(coast(m, v, 50, 150)[-1], moved, rtol=1e-9)


def test_updates_shrink_geometrically_and_the_parameter_comes_to_rest():
    _, path = after(np.ones((5000, 1)), 400)
    steps = np.abs(np.diff(path[:, 0]))
    np.testing.assert_allclose(steps[100:150] / steps[99:149], 0.9 / 0.999**0.5, rtol=1e-4)
    assert np.abs(path[-1] - path[200])[0] < 1e-9 * np.abs(path[-1])[0]


def test_the_furthest_coast_is_reached_by_the_worst_gradients_and_by_no_others():
    """By Cauchy and Schwarz: those that grow by β2/β1 from step to step."""
    worst = np.zeros((8000, 1))
    worst[-150:, 0] = (0.999 / 0.9) ** np.arange(150)
    _, path = after(worst, 300)
    assert 0.99 * furthest_coast() < abs(path[-1, 0]) <= furthest_coast()
    random = np.random.default_rng(0)
    for scale in (1e-3, 1.0, 1e3):
        gradients = scale * random.standard_normal((300, 200)) * random.random((300, 1)) ** 8
        _, path = after(gradients, 100)
        assert np.abs(path).max() <= furthest_coast()


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_a_lone_gradient_moves_a_parameter_by_one_kick_whatever_its_size(size):
    """All that follows its step, and the step itself."""
    adam, theta = Adam(0.01), np.zeros(1)
    for step in range(8000):
        theta = adam.step(theta, np.array([size if step == 7000 else 0.0]))
    assert abs(theta[0]) <= kick()
    np.testing.assert_allclose(abs(theta[0]), kick(), rtol=1e-3)


def test_distances_scale_with_the_learning_rate():
    assert furthest_coast(0.1) == pytest.approx(10 * furthest_coast(0.01))
    assert kick(0.1) == pytest.approx(10 * kick(0.01))
    assert furthest_coast(1.0) == pytest.approx(65.76, abs=0.01)
    assert kick(1.0) == pytest.approx(31.77, abs=0.01)


def test_decays_for_which_the_bound_does_not_hold_are_refused():
    with pytest.raises(ValueError, match=r"betas must have .*, got \(0.9, 0.9\)"):
        furthest_coast(betas=(0.9, 0.9))
    with pytest.raises(ValueError, match="betas must have"):
        coast_bound(1.0, 1.0, betas=(1.0, 0.999))
