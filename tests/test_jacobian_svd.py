"""Singular values against mpmath, LAPACK's gejsv and plain NumPy; vectors, batches."""

import json

import numpy as np
import pytest
from npnets_kernels import svd as kernels
from npnets_kernels.simd import lanes

from npnets.activations import ACTIVATIONS
from npnets.curvature import jacobian
from npnets.initializers import initialize
from npnets.landscape.jacobian_svd import JacobianSVD, jacobian_svd, jacobian_svds
from npnets.network import Network, parameter_count
from npnets.training import train

LANES = lanes("float64")


def decompose(matrix, with_left):
    """The kernel's values, right vectors (P, r) and left vectors (m, r), or None."""
    m, size = matrix.shape
    columns = np.zeros((size, -(-m // LANES) * LANES))
    columns[:, :m] = matrix.T
    status, values, right, left = kernels.svd(columns, m, with_left)
    assert status == kernels.DONE
    assert (right[:, size:] == 0).all()
    assert (left[:, m:] == 0).all()
    return values, right[:, :size].T, left[:, :m].T if with_left else None


def numpy_svd(matrix):
    """The same algorithm as the kernel's, to be read: pivoted QR, then Jacobi rotations of Rᵀ."""
    rest, r = matrix.astype(float), min(matrix.shape)
    x, left = np.zeros((matrix.shape[1], r)), np.eye(len(matrix))
    for j in range(r):
        pivot = (rest[j:] ** 2).sum(axis=0).argmax()
        v = rest[:, pivot] * (np.arange(len(rest)) >= j)
        v[j] += np.copysign(np.linalg.norm(v), v[j])
        reflection = np.eye(len(v)) - 2 * np.outer(v, v) / (v @ v)
        rest, left = reflection @ rest, left @ reflection
        rest[j + 1 :, pivot] = 0
        x[:, j] = rest[j]
    rotations, done = np.eye(r), False
    while not done:
        done = True
        for p in range(r):
            for q in range(p + 1, r):
                a, b, c = x[:, p] @ x[:, p], x[:, q] @ x[:, q], x[:, p] @ x[:, q]
                if abs(c) > 1e-15 * np.sqrt(a) * np.sqrt(b):
                    done = False
                    half = np.arctan2(2 * c, a - b) / 2
                    half -= np.pi / 2 * np.round(half / (np.pi / 2))  # the smaller rotation
                    turn = np.array([[np.cos(half), -np.sin(half)], [np.sin(half), np.cos(half)]])
                    x[:, [p, q]] = x[:, [p, q]] @ turn
                    rotations[:, [p, q]] = rotations[:, [p, q]] @ turn
    values = np.linalg.norm(x, axis=0)
    order = np.argsort(-values)
    return values[order], (x / values)[:, order], (left[:, :r] @ rotations)[:, order]


def exact_values(matrix, digits=120):
    """Singular values of a matrix of floats, or of mpmath's numbers, by mpmath; descending."""
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(digits):
        exact = mpmath.matrix(matrix.tolist())
        return np.array(sorted(map(float, mpmath.svd_r(exact, compute_uv=False)), reverse=True))


def graded(m, size, orders, seed=0):
    """A matrix whose columns, in random order, fall over so many orders of magnitude."""
    random = np.random.default_rng(seed)
    scales = 10.0 ** -np.linspace(0, orders, size)
    return random.standard_normal((m, size)) * random.permutation(scales)


def orthonormality(vectors):
    return np.abs(vectors.T @ vectors - np.eye(vectors.shape[1])).max()


def assert_decomposes(matrix, values, right, left):
    """Orthonormal vectors, descending values, and every column put together again."""
    assert (values >= 0).all()
    assert (np.diff(values) <= 0).all()
    assert orthonormality(right) <= 1e-14 * len(right)
    assert orthonormality(left) <= 1e-14 * len(right)
    errors = np.linalg.norm(matrix - left * values @ right.T, axis=0)
    assert (errors <= 1e-14 * matrix.shape[1] * np.linalg.norm(matrix, axis=0)).all()


SHAPES = [(1, 1), (1, 7), (7, 1), (2, 2), (5, 9), (9, 5), (32, 32), (33, 31), (31, 33), (70, 65)]


@pytest.mark.parametrize(("m", "size"), SHAPES)
@pytest.mark.parametrize("orders", [0, 30])
def test_any_size_is_put_together_again_column_by_column(m, size, orders):
    matrix = graded(m, size, orders, seed=m + size)
    values, right, left = decompose(matrix, True)
    assert_decomposes(matrix, values, right, left)
    assert orthonormality(decompose(matrix, False)[1]) <= 1e-14 * size


@pytest.mark.parametrize("with_left", [False, True])
@pytest.mark.parametrize(("m", "size"), [(8, 8), (40, 8), (12, 11)])
def test_small_values_over_24_orders_are_mpmaths_and_not_numpys(m, size, with_left):
    matrix = graded(m, size, 24, seed=size)
    exact = exact_values(matrix)
    values, _, _ = decompose(matrix, with_left)
    np.testing.assert_allclose(values, exact, rtol=1e-13)
    assert exact[0] / exact[-1] > 1e23
    numpys = np.linalg.svd(matrix, compute_uv=False)
    assert np.abs(numpys / exact - 1).max() > 1e-5


@pytest.mark.parametrize("with_left", [False, True])
def test_wide_graded_matrices_have_mpmaths_values_too(with_left):
    matrix = graded(6, 12, 24, seed=3)
    values, _, _ = decompose(matrix, with_left)
    np.testing.assert_allclose(values, exact_values(matrix), rtol=1e-12)


@pytest.mark.parametrize("with_left", [False, True])
@pytest.mark.parametrize(("orders", "numpy_errs_by"), [(0, 0), (12, 1e-8), (25, 1), (100, 1e10)])
def test_long_graded_matrices_have_gejsvs_values(orders, numpy_errs_by, with_left):
    from scipy.linalg.lapack import dgejsv

    matrix = graded(500, 49, orders, seed=1)
    expected, _, _, work, _, info = dgejsv(matrix, joba=0, jobu=3, jobv=3)
    assert info == 0
    expected = expected * (work[0] / work[1])
    expected = np.sort(expected)[::-1]
    np.testing.assert_allclose(decompose(matrix, with_left)[0], expected, rtol=1e-13)
    numpys = np.linalg.svd(matrix, compute_uv=False)
    assert np.abs(numpys / expected - 1).max() > numpy_errs_by


@pytest.mark.parametrize("seed", range(6))
def test_the_kernel_is_the_readable_form(seed):
    random = np.random.default_rng(seed)
    m, size = random.integers(1, 14, 2)
    matrix = random.standard_normal((m, size)) * 10.0 ** random.uniform(-9, 9, size)
    values, right, left = decompose(matrix, True)
    expected, expected_right, expected_left = numpy_svd(matrix)
    np.testing.assert_allclose(values, expected, rtol=1e-12)
    signs = np.sign((right * expected_right).sum(axis=0))
    np.testing.assert_allclose(right * signs, expected_right, atol=1e-10)
    np.testing.assert_allclose(left * signs, expected_left, atol=1e-10)


@pytest.mark.parametrize("with_left", [False, True])
def test_columns_of_zeros_give_values_of_zero_and_vectors_of_their_own(with_left):
    matrix = np.random.default_rng(0).standard_normal((40, 10))
    matrix[:, [2, 5, 6]] = 0
    values, right, left = decompose(matrix, with_left)
    assert (values[:7] > 0.1).all()
    assert (values[7:] == 0).all()
    assert right[:, 7:].T.tolist() == np.eye(10)[[2, 5, 6]].tolist()
    assert (right[[2, 5, 6], :7] == 0).all()
    if with_left:
        assert_decomposes(matrix, values, right, left)


@pytest.mark.parametrize("with_left", [False, True])
@pytest.mark.parametrize(("m", "size"), [(1, 1), (3, 5), (50, 4)])
def test_of_zeros_nothing_but_vectors_is_left(m, size, with_left):
    values, right, left = decompose(np.zeros((m, size)), with_left)
    assert (values == 0).all()
    assert orthonormality(right) == 0
    if with_left:
        assert orthonormality(left) == 0


@pytest.mark.parametrize("with_left", [False, True])
@pytest.mark.parametrize(
    ("matrix", "rank"),
    [
        (np.repeat(np.random.default_rng(0).standard_normal((50, 6)), 2, axis=1), 6),
        (np.repeat(np.random.default_rng(1).standard_normal((4, 9)), 8, axis=0), 4),
        (np.ones((33, 33)), 1),
        (np.outer(np.arange(1, 70), np.arange(1, 40)), 1),
        (np.diag([3.0, 0.0, 2.0, 0.0]), 2),
    ],
    ids=["columns twice", "rows eight times", "ones", "outer product", "diagonal"],
)
def test_dependent_columns_leave_rounding_behind(matrix, rank, with_left):
    values, right, left = decompose(matrix, with_left)
    numpys = np.linalg.svd(matrix, compute_uv=False)
    np.testing.assert_allclose(values[:rank], numpys[:rank], rtol=1e-13)
    assert (values[rank:] <= 1e-15 * len(right) * values[0]).all()
    assert orthonormality(right) <= 1e-14 * len(right)
    if with_left:
        assert_decomposes(matrix, values, right, left)


@pytest.mark.parametrize("size", [3, 32, 40])
def test_equal_values_and_nearly_equal_columns_end(size):
    from scipy.linalg import hilbert

    random = np.random.default_rng(size)
    orthogonal = np.linalg.qr(random.standard_normal((size, size)))[0]
    np.testing.assert_allclose(decompose(orthogonal, False)[0], 1, rtol=1e-14)
    near = np.ones((size, size)) + 1e-15 * random.standard_normal((size, size))
    for matrix in (hilbert(size), near, np.triu(np.ones((size, size)))):
        assert_decomposes(matrix, *decompose(matrix, True))


def test_a_value_too_small_to_square_is_zero_with_a_vector_all_the_same():
    matrix = np.array([[1.0, 1.0], [0.0, 1.2e-120]])  # σ_2 is 1.2e-120/√2, a column's rest is not
    values, right, _ = decompose(matrix, False)
    assert values[1] == 0
    assert orthonormality(right) < 1e-15


@pytest.mark.parametrize("with_left", [False, True])
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e200])
def test_numbers_that_have_no_square_are_reported(bad, with_left):
    for row in (0, 39):
        columns = np.ones((3, 64))
        columns[:, 40:] = 0
        columns[1, row] = bad
        assert kernels.svd(columns, 40, with_left)[0] == kernels.TOO_LARGE


def test_kernels_neither_reassociate_nor_hold_the_gil():
    from npnets_kernels.jacobian_svd import jacobian_svds as batched

    for kernel in (kernels.svd, batched):
        assert not kernel.dispatcher.targetoptions.get("fastmath")
        assert kernel.dispatcher.targetoptions["nogil"]


# Of networks.


def random_net(seed):
    random = np.random.default_rng(seed)
    widths = tuple(random.integers(1, 5, 2 + seed % 7).tolist())
    theta = random.standard_normal(parameter_count(widths))
    return Network.from_parameters(widths, theta, ACTIVATIONS[seed % len(ACTIVATIONS)], slope=0.1)


@pytest.mark.parametrize("seed", range(40))
def test_a_networks_jacobian_is_put_together_again(seed):
    net = random_net(seed)
    x = np.random.default_rng(seed).standard_normal((1 + 7 * seed % 70, net.widths[0]))
    j = jacobian(net, x)
    found = jacobian_svd(net, x, left=True)
    assert found.n_rows == len(j)
    scale = np.abs(j).max()
    np.testing.assert_allclose(
        found.left * found.singular_values @ found.right.T, j, atol=1e-13 * scale
    )
    assert orthonormality(found.left) <= 1e-13
    alone = jacobian_svd(net, x)
    assert alone.left is None
    largest = found.singular_values[0]
    np.testing.assert_allclose(
        alone.singular_values, found.singular_values, rtol=0, atol=1e-14 * largest
    )
    numpys = np.linalg.svd(j, compute_uv=False)
    np.testing.assert_allclose(alone.singular_values, numpys, rtol=0, atol=1e-13 * largest)
    # J v_i = σ_i u_i has the length σ_i.
    lengths = np.linalg.norm(j @ alone.right, axis=0)
    np.testing.assert_allclose(lengths, alone.singular_values, rtol=0, atol=1e-13 * largest)


def test_faint_neurons_have_mpmaths_singular_values():
    """A neuron's outgoing weight, 1e-7, 1 or 1e-14, scales its other columns."""
    mpmath = pytest.importorskip("mpmath")
    w, b, v = np.array([2.0, -3.0, 4.0]), np.array([4.0, 0.5, -6.0]), np.array([1e-7, 1, 1e-14])
    x = np.linspace(-5, 5, 40)
    with mpmath.workdps(80):
        rows = []
        for number in map(mpmath.mpf, x):
            a = [mpmath.tanh(mpmath.mpf(w[h]) * number + mpmath.mpf(b[h])) for h in range(3)]
            slope = [mpmath.mpf(v[h]) * (1 - a[h] ** 2) for h in range(3)]
            rows.append([*(s * number for s in slope), *slope, *a, mpmath.mpf(1)])
        exact = exact_values(np.array(rows, dtype=object), 80)
    net = Network([w[:, None], v[None, :]], [b, np.zeros(1)], "tanh")
    for left in (False, True):
        found = jacobian_svd(net, x, left=left)
        np.testing.assert_allclose(found.singular_values, exact, rtol=1e-13)
    assert found.condition_number(0) > 1e14
    numpys = np.linalg.svd(jacobian(net, x), compute_uv=False)
    assert abs(numpys[-1] / exact[-1] - 1) > 1e-2


def test_dead_neurons_give_zeros_and_rescaling_gives_rounding():
    w, b = np.array([1.0, -1.0, 1.0, 1.0]), np.array([0.5, 0.3, -100.0, -200.0])
    net = Network([w[:, None], np.ones((1, 4))], [b, np.zeros(1)])
    found = jacobian_svd(net, np.linspace(-3, 3, 200))
    assert (found.singular_values == 0).sum() == 6  # all that two dead neurons have
    rounding = (found.singular_values > 0) & (found.singular_values < 1e-14)
    assert rounding.sum() == 2  # a scaling of each live neuron
    assert found.significant() == found.significant(1e-10) == 13 - 8
    assert found.significant(0) == 13 - 6
    assert (found.right[[2, 3, 6, 7, 10, 11], :-6] == 0).all()


def test_a_trained_network_has_fewer_significant_values_than_parameters():
    x = np.linspace(-5, 5, 1000)
    net = train([(16,)], "linear", steps=500).network(0)
    found = jacobian_svd(net, x)
    assert 10 < found.significant() < 49
    total = np.linalg.norm(jacobian(net, x))
    np.testing.assert_allclose(np.linalg.norm(found.singular_values), total, rtol=1e-14)


@pytest.mark.parametrize("left", [False, True])
def test_alone_in_a_batch_and_on_any_number_of_threads_the_bytes_are_the_same(left):
    nets = [initialize((2, *[1 + k % 5] * (k % 4), 1 + k % 2), seed=k) for k in range(70)]
    x = np.random.default_rng(0).standard_normal((45, 2))

    def content(found):
        vectors = b"" if found.left is None else found.left.tobytes()
        return found.singular_values.tobytes() + found.right.tobytes() + vectors

    together = [content(found) for found in jacobian_svds(nets, x, left=left, threads=1)]
    assert [content(found) for found in jacobian_svds(nets, x, left=left, threads=3)] == together
    assert [content(found) for found in jacobian_svds(nets[::-1], x, left=left)] == together[::-1]
    assert [content(jacobian_svd(net, x, left=left)) for net in nets] == together
    assert len(together) == 70


def test_no_networks_no_decompositions():
    assert jacobian_svds([], [1.0]) == []


def test_single_precision_networks_are_taken_as_they_are():
    net = train([(4,)], "linear", steps=1).network(0)
    assert net.dtype == np.float32
    double = Network.from_parameters(net.widths, net.parameters.astype(float))
    x = np.linspace(-1, 1, 10)
    values = jacobian_svd(net, x).singular_values
    assert values.tolist() == jacobian_svd(double, x).singular_values.tolist()


def test_values_are_significant_above_their_tolerance_times_the_largest():
    found = JacobianSVD(np.array([4.0, 2.0, 1e-3, 4e-6, 0.0]), np.eye(5), n_rows=1000)
    assert found.tolerance == 1000 * np.finfo(float).eps
    assert [found.significant(t) for t in (None, 0, 1e-6, 1e-5, 0.5, 0.6)] == [4, 4, 3, 3, 1, 1]
    assert found.condition_number() == 1e6
    assert found.condition_number(0.1) == 2.0
    assert JacobianSVD(np.ones(1), np.ones((7, 1)), n_rows=1).tolerance == 7 * np.finfo(float).eps


def test_json_holds_values_and_vectors():
    net, x = initialize((1, 2, 1), seed=1), [-1.0, 0.5, 2.0]
    found = jacobian_svd(net, x, left=True)
    fields = json.loads(found.to_json())
    assert fields["shape"] == [3, 7]
    assert fields["significant"] == found.significant()
    assert fields["singular_values"] == found.singular_values.tolist()
    assert fields["right"] == found.right.T.tolist()
    assert fields["left"] == found.left.T.tolist()
    assert json.loads(jacobian_svd(net, x).to_json())["left"] is None


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([[1.0, 2.0]], r"x must have shape \(n, 1\), got \(1, 2\)"),
        ([[np.nan]], "x must be finite, got nan"),
        (np.empty((0, 1)), "x must hold at least one sample, got none"),
        (["a"], "x must hold real numbers"),
    ],
)
@pytest.mark.parametrize("left", [False, True])
def test_bad_samples_are_named(x, message, left):
    with pytest.raises(ValueError, match=message):
        jacobian_svd(initialize((1, 2, 1)), x, left=left)


@pytest.mark.parametrize("left", [False, True])
def test_bad_networks_are_named(left):
    good = initialize((1, 2, 1))
    with pytest.raises(ValueError, match=r"nets must all have 1 inputs.*\(2, 2, 1\) for nets\[1\]"):
        jacobian_svds([good, initialize((2, 2, 1))], [1.0], left=left)
    broken = Network.from_parameters((1, 2, 1), [1.0, np.inf, 1, 1, 1, 1, 1])
    with pytest.raises(ValueError, match=r"parameters of nets\[2\] must be finite, got inf"):
        jacobian_svds([good, good, broken], [1.0], left=left)
    steep = Network([[[1.0]], [[1e160]]], [[0.0], [0.0]])
    with pytest.raises(ValueError, match=r"nets\[1\] must have a Jacobian on x .* below 1e150"):
        jacobian_svds([good, steep], [1.0], left=left)


def test_too_many_parameters_or_samples_are_named(monkeypatch):
    net = initialize((1, 2, 1))
    with pytest.raises(ValueError, match="threads must be an integer >= 1, got 0"):
        jacobian_svds([net], [1.0], threads=0)
    monkeypatch.setattr("npnets.curvature.DENSE_BYTES", 7 * 7 * 8)
    assert len(jacobian_svd(net, np.arange(8.0)).singular_values) == 7
    with pytest.raises(ValueError, match="jacobian must take at most 0 GiB, 8 x 7 numbers"):
        jacobian_svd(net, np.arange(8.0), left=True)
    with pytest.raises(ValueError, match="right vectors must take at most 0 GiB, 10 x 10 numbers"):
        jacobian_svd(initialize((1, 3, 1)), [1.0])


def test_rotations_without_an_end_are_reported(monkeypatch):
    def never(columns, n_rows, with_left):
        return kernels.TOO_SLOW, np.zeros(1), np.zeros((1, 2)), np.zeros((1, 2))

    monkeypatch.setattr("npnets_kernels.svd.svd", never)
    with pytest.raises(np.linalg.LinAlgError, match=r"nets\[0\]'s Jacobian did not converge"):
        jacobian_svd(initialize((1, 1)), [1.0], left=True)


@pytest.mark.parametrize("tolerance", [-1e-3, 1.0, np.nan, "0.1"])
def test_bad_tolerances_are_named(tolerance):
    found = JacobianSVD(np.array([1.0]), np.eye(1), n_rows=1)
    with pytest.raises(ValueError, match="tolerance must be a number >= 0 and < 1, got"):
        found.significant(tolerance)
