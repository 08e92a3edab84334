"""Training: kernels against the reference, the oracle and torch; identity to the last bit."""

from itertools import pairwise

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from npnets_kernels.simd import lanes

from npnets import protocol, samples, training
from npnets.activations import ACTIVATIONS
from npnets.backends.compiled import Compiled
from npnets.backends.reference import Reference
from npnets.initializers import initial_parameters
from npnets.optimizers import OPTIMIZERS
from npnets.randomness import generator
from npnets.samples import held_out, minibatches
from npnets.shapes import compositions
from npnets.targets import get_target
from npnets.training import train

SMALL = [shape for neurons in range(1, 7) for shape in compositions(neurons)]
SHAPES = [(16,), (5, 7, 4), (2,) * 8, (1, 3), (4, 3, 9), (1,) * 16, (8, 8)]
DTYPES = ("float32", "float64")


def assert_close(actual, expected, ulps=16):
    """Equal to a few roundings of numbers of size one; NaN equals NaN."""
    tolerance = ulps * np.finfo(actual.dtype).eps
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def assert_same_bytes(one, other):
    assert one.dtype == other.dtype
    assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_small_shape_follows_the_reference_for_20_steps(activation, optimizer, dtype):
    arguments = {
        "steps": 20,
        "optimizer": optimizer,
        "activation": activation,
        "dtype": dtype,
        "seeds": 3,
        "record_losses": True,
    }
    compiled = train(SMALL, "quadratic", **arguments)
    reference = train(SMALL, "quadratic", backend="numpy", threads=1, **arguments)
    assert_close(compiled.parameters, reference.parameters)
    assert_close(compiled.losses, reference.losses)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch_size", [1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 200])
def test_batches_that_do_not_fill_a_vector_follow_the_reference(batch_size, dtype):
    arguments = {"steps": 5, "batch_size": batch_size, "dtype": dtype, "record_losses": True}
    compiled = train([(3, 2), (4,)], "sine", **arguments)
    reference = train([(3, 2), (4,)], "sine", backend="numpy", **arguments)
    assert_close(compiled.parameters, reference.parameters)
    assert_close(compiled.losses, reference.losses)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_remainder_of_the_batch_follows_the_reference(dtype):
    for batch_size in range(1, 2 * lanes(dtype) + 2):
        test_batches_that_do_not_fill_a_vector_follow_the_reference(batch_size, dtype)


@settings(deadline=None, max_examples=60)
@given(
    shape=st.lists(st.integers(1, 40), max_size=5),
    d_in=st.integers(1, 4),
    batch_size=st.integers(1, 150),
    seed=st.integers(0, 2**40),
    optimizer=st.sampled_from(OPTIMIZERS),
    activation=st.sampled_from(ACTIVATIONS),
)
def test_any_shape_follows_the_reference(shape, d_in, batch_size, seed, optimizer, activation):
    arguments = {
        "steps": 3,
        "batch_size": batch_size,
        "lr": 0.001,
        "optimizer": optimizer,
        "activation": activation,
        "d_in": d_in,
        "seeds": seed,
        "dtype": "float64",
    }
    compiled = train([shape], "mean-square", **arguments)
    reference = train([shape], "mean-square", backend="numpy", **arguments)
    assert_close(compiled.parameters, reference.parameters, ulps=64)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_kernel_takes_the_steps_of_the_oracle(activation, optimizer):
    widths, steps, n = (2, 3, 2, 1), 4, 5
    trained = train(
        [widths[1:-1]],
        "interaction-2d",
        steps=steps,
        batch_size=n,
        d_in=2,
        seeds=7,
        optimizer=optimizer,
        activation=activation,
        dtype="float64",
    )
    theta = initial_parameters(widths, seed=7).tolist()
    first = second = [0.0] * len(theta)
    for t, batch in enumerate(minibatches(7, 2, n, 0, steps, "float64"), start=1):
        xs = batch.T.tolist()
        ys = [[x1 * x2] for x1, x2 in xs]
        g = naive.gradient(*naive.split(theta, widths), xs, ys, name=activation)
        if optimizer == "adam":
            theta, first, second = naive.adam_step(theta, g, first, second, t)
        elif optimizer == "momentum":
            theta, first = naive.momentum_step(theta, g, first)
        else:
            theta = naive.sgd_step(theta, g)
    np.testing.assert_allclose(trained.parameters, theta, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_kernel_follows_torch_adam_on_the_same_weights_and_batches(shape, dtype):
    torch = pytest.importorskip("torch")
    nn = torch.nn
    steps = 50
    trained = train([shape], "quadratic", steps=steps, seeds=1, dtype=dtype)
    widths = trained.widths(0)
    layers = []
    for fan_in, fan_out in pairwise(widths):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    model = nn.Sequential(*layers[:-1]).to(getattr(torch, dtype))
    start = torch.tensor(initial_parameters(widths, seed=1).astype(dtype))
    nn.utils.vector_to_parameters(start, model.parameters())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for batch in minibatches(1, 1, 64, 0, steps, dtype):
        x = torch.tensor(batch.T)
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x**2).backward()
        optimizer.step()
    theirs = nn.utils.parameters_to_vector(model.parameters()).detach().numpy()
    # Adam turns the rounding of a small gradient into a difference of its size in units of lr.
    tolerance = 1e-12 if dtype == "float64" else 1e-4
    np.testing.assert_allclose(trained.parameters, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
def test_slopes_and_initialisers_reach_the_networks(dtype):
    arguments = {
        "steps": 20,
        "activation": "leaky_relu",
        "slope": 0.3,
        "init": "he_normal",
        "dtype": dtype,
        "seeds": 5,
    }
    compiled = train([(3, 2)], "quadratic", checkpoints=[0], **arguments)
    reference = train([(3, 2)], "quadratic", backend="numpy", **arguments)
    assert_close(compiled.parameters, reference.parameters)
    assert compiled.network(0).slope == 0.3
    start = initial_parameters((1, 3, 2, 1), "he_normal", 5, "leaky_relu", 0.3)
    assert_same_bytes(compiled.network(0, 0).parameters, start.astype(dtype))
    assert (start != initial_parameters((1, 3, 2, 1), "he_normal", 5)).any()  # another gain


@pytest.mark.parametrize("batch_size", [64, 100])
def test_backends_agree_on_several_outputs(batch_size):
    """`train` has one output; the kernels have any number."""
    widths = [(2, 3, 2), (2, 4, 3, 2)]
    theta = np.concatenate([initial_parameters(w, seed=1) for w in widths])
    rules = protocol.Protocol(
        get_target("interaction-2d", 2), batch_size=batch_size, dtype="float64"
    )
    random = np.random.default_rng(0)
    x, y = random.standard_normal((2, 10, 2, batch_size))
    backends = [Compiled(rules, widths, theta), Reference(rules, widths, theta)]
    losses = [backend.advance(x, y, 0, record=True) for backend in backends]
    assert_close(backends[0].theta, backends[1].theta)
    assert_close(losses[0], losses[1])


def test_moments_of_a_dead_neuron_end_at_zero_and_not_at_the_smallest_number():
    dead = np.array([1.0, 1.0, -50.0, 0.0, 1.0, 1.0, 0.0], "float32")  # 1-2-1
    for optimizer in ("adam", "momentum"):
        rules = protocol.Protocol(get_target("quadratic"), optimizer=optimizer, lr=0.001)
        networks = Compiled(rules, [(1, 2, 1)], dead)
        networks.first[:], networks.second[:] = 1e-6, 1.0
        networks.advance(*rules.minibatches(0, 0, 2000), 0, record=False)
        assert networks.first[[0, 2, 4]].tolist() == [0.0, 0.0, 0.0]
        assert (networks.first[[1, 3, 5, 6]] != 0).all()


@pytest.fixture(scope="module")
def crowd():
    """Many networks of several seeds, trained together on one thread."""
    shapes = SHAPES * 40
    seeds = np.arange(len(shapes)) % 3
    return shapes, seeds, train(shapes, "quadratic", steps=60, seeds=seeds, threads=1)


@pytest.mark.parametrize("threads", [2, 5])
def test_threads_do_not_change_a_byte(crowd, threads):
    shapes, seeds, together = crowd
    again = train(shapes, "quadratic", steps=60, seeds=seeds, threads=threads)
    assert_same_bytes(again.parameters, together.parameters)


def test_a_network_alone_equals_itself_in_a_crowd(crowd):
    shapes, seeds, together = crowd
    for k in range(30):
        alone = train([shapes[k]], "quadratic", steps=60, seeds=int(seeds[k]))
        assert_same_bytes(alone.parameters, together.network(k).parameters)


def test_neither_chunks_nor_order_change_a_byte(crowd, monkeypatch):
    shapes, seeds, together = crowd
    monkeypatch.setattr(training, "CHUNK", 3)
    order = np.random.default_rng(0).permutation(len(shapes))
    shuffled = train([shapes[k] for k in order], "quadratic", steps=60, seeds=seeds[order])
    for place, k in enumerate(order):
        assert_same_bytes(shuffled.network(place).parameters, together.network(k).parameters)


@pytest.mark.parametrize("backend", training.BACKENDS)
def test_checkpoints_and_data_in_pieces_do_not_change_a_byte(backend, monkeypatch):
    arguments = {"steps": 600, "record_losses": True, "backend": backend}
    if backend == "numpy":
        arguments["steps"] = 300
    whole = train([(4, 2)], "quadratic", **arguments)
    monkeypatch.setattr(protocol, "DATA_BYTES", 1)
    pieces = train([(4, 2)], "quadratic", checkpoints=[0, 7, 256, 257, 300], **arguments)
    assert_same_bytes(pieces.parameters, whole.parameters)
    assert_same_bytes(pieces.losses, whole.losses)
    short = train([(4, 2)], "quadratic", steps=257, backend=backend)
    assert_same_bytes(pieces.network(0, step=257).parameters, short.parameters)
    start = initial_parameters((1, 4, 2, 1)).astype("float32")
    assert_same_bytes(pieces.network(0, step=0).parameters, start)


def test_training_goes_on_from_given_parameters():
    start = train([(3,), (2, 2)], "linear", steps=100).parameters
    trained = train([(3,), (2, 2)], "linear", steps=0, initial=start)
    assert_same_bytes(trained.parameters, start)


def test_no_seed_trains_on_the_held_out_samples():
    seen = minibatches(0, 1, 64, 0, 300).ravel()
    assert not np.isin(held_out(1).astype("float32"), seen).any()


def test_losses_are_those_of_the_minibatch_before_the_step():
    trained = train([(3, 2)], "cubic", steps=3, checkpoints=[0, 1, 2], record_losses=True)
    for step, batch in enumerate(minibatches(0, 1, 64, 0, 3)):
        net = trained.network(0, step)
        expected = np.mean((net(batch.T) - batch.T**3) ** 2)
        np.testing.assert_allclose(trained.losses[0, step], expected, rtol=1e-5)


def test_all_shapes_of_a_seed_see_the_same_data_and_other_seeds_other_data():
    assert (minibatches(0, 1, 64, 10, 20) == minibatches(0, 1, 64, 0, 20)[10:]).all()
    assert (minibatches(0, 1, 64, 0, 5) != minibatches(1, 1, 64, 0, 5)).all()
    assert (minibatches(0, 2, 64, 0, 5)[:, :1] != minibatches(0, 1, 64, 0, 5)).all()


def test_writing_to_minibatches_changes_none_of_the_next():
    for step in (0, 300):  # the page that is kept, and another
        first = minibatches(5, 2, 8, step, step + 1)
        kept = first.copy()
        first[:] = np.nan
        assert_same_bytes(minibatches(5, 2, 8, step, step + 1), kept)


def test_a_page_is_drawn_once_for_all_of_its_steps(monkeypatch):
    drawn = []

    def counted(*name):
        drawn.append(name)
        return generator(*name)

    monkeypatch.setattr(samples, "generator", counted)
    whole = minibatches(11, 1, 64, 0, 600)
    drawn.clear()
    steps = [minibatches(11, 1, 64, t, t + 1) for t in range(600)]
    assert_same_bytes(np.concatenate(steps), whole)
    assert drawn == []


def test_a_dead_neurons_moments_fall_to_zero_without_moving_the_rest():
    """Steps on which the moments pass through the denormal numbers equal the reference's."""
    dead = [1.0, 1.0, -50.0, 0.0, 1.0, 1.0, 0.0]  # 1-2-1; the first neuron is never on
    arguments = {"steps": 1000, "initial": dead, "dtype": "float64", "lr": 1e-4}
    compiled = train([(2,)], "quadratic", **arguments)
    reference = train([(2,)], "quadratic", backend="numpy", **arguments)
    assert_close(compiled.parameters, reference.parameters, ulps=64)


def test_a_diverging_network_does_not_touch_its_neighbours():
    shapes = [(4,), (16, 16), (5, 7, 4)]
    wild = np.concatenate(
        [initial_parameters((1, *s, 1)) * (1e30 if s == (16, 16) else 1) for s in shapes]
    )
    trained = train(shapes, "cubic", steps=20, optimizer="sgd", lr=0.001, initial=wild)
    assert not np.isfinite(trained.network(1).parameters).all()
    for k in (0, 2):
        alone = train([shapes[k]], "cubic", steps=20, optimizer="sgd", lr=0.001)
        assert_same_bytes(trained.network(k).parameters, alone.parameters)


def test_no_hidden_layer_and_no_networks():
    line = train([()], "linear", steps=1500)
    np.testing.assert_allclose(line.parameters, [2, 1], atol=1e-4)
    assert train([], "linear").parameters.shape == (0,)


def test_progress_counts_every_network_once():
    done = []
    train(SMALL, "linear", steps=1, progress=done.append)
    assert sum(done) == len(SMALL)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shapes": [(0,)]}, r"widths must be positive integers, got \(1, 0, 1\)"),
        ({"shapes": [(2.5,)]}, "widths must be positive integers"),
        ({"shapes": [16]}, r"shapes must hold hidden widths, like \[\(16,\), .* got 16"),
        ({"target": None}, "target must be a Target, a name or an expression, got None"),
        ({"init": "kaiming", "initial": [0.0] * 7}, "scheme must be one of"),
        ({"activation": "leaky_relu", "slope": -1.0}, "slope must be a finite number >= 0"),
        ({"seeds": 2**64}, "seeds must be integers from 0"),
        ({"target": "quadrtic"}, "did you mean 'quadratic'"),
        ({"target": "interaction-2d"}, "needs 2 input dimension"),
        ({"steps": -1}, "steps must be an integer >= 0, got -1"),
        ({"steps": 2.0}, "steps must be an integer >= 0, got 2.0"),
        ({"batch_size": 0}, "batch_size must be an integer from 1 to 16777216, got 0"),
        ({"batch_size": 10**9}, "batch_size must be an integer from 1 to 16777216, got 1000000000"),
        ({"lr": float("nan")}, "lr must be a positive finite number, got nan"),
        ({"lr": float("inf")}, "lr must be a positive finite number, got inf"),
        ({"lr": 0.0}, "lr must be a positive finite number, got 0.0"),
        ({"optimizer": "adm"}, "did you mean 'adam'"),
        ({"activation": "rel"}, "activation must be one of"),
        ({"activation": "leaky_relu", "slope": float("nan")}, "slope must be"),
        ({"init": "kaiming"}, "scheme must be one of"),
        ({"d_in": 0}, "d_in must be a positive integer, got 0"),
        ({"dtype": "float16"}, "dtype must be one of float32, float64, got 'float16'"),
        ({"backend": "cuda"}, "backend must be one of numba, numpy, got 'cuda'"),
        ({"seeds": -1}, r"seeds must be integers from 0 to 2\^63 - 1, got -1"),
        ({"seeds": [0, 1]}, "seeds must be one integer, or one for each of 1, got 2"),
        ({"seeds": 0.5}, r"seeds must be integers from 0 to 2\^63 - 1, got 0.5"),
        ({"threads": 0}, "threads must be an integer >= 1, got 0"),
        ({"checkpoints": [3000]}, "checkpoints must be an integer from 0 to 2000, got 3000"),
        ({"initial": [1.0]}, r"initial must have shape \(7,\), got \(1,\)"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        train(**{"shapes": [(2,)], "target": "linear", **arguments})
