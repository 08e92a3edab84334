"""An oracle for Hessians: every number carries its value, its gradient and its Hessian.

They follow from the network's formula by the rules for sums, products and chains, one sample at a
time, in floats with the activations of ``naive``, or in mpmath's numbers, which differentiate its
activations themselves.
"""

import math

import numpy as np
from naive import activation, activation_derivative, activation_second_derivative


class Jet:
    """A number with its first and second derivatives in all parameters."""

    def __init__(self, value, first, second):
        self.value, self.first, self.second = value, first, second

    def __add__(self, other):
        return Jet(self.value + other.value, self.first + other.first, self.second + other.second)

    def __mul__(self, other):
        cross = np.outer(self.first, other.first)
        second = self.value * other.second + other.value * self.second + cross + cross.T
        first = self.value * other.first + other.value * self.first
        return Jet(self.value * other.value, first, second)

    def through(self, function):
        """What a function makes of it that gives its value, slope and bend."""
        value, slope, bend = function(self.value)
        second = slope * self.second + bend * np.outer(self.first, self.first)
        return Jet(value, slope * self.first, second)


class Floats:
    """Python's numbers, and ``naive``'s activations with their derivatives."""

    number, exp, log = float, math.exp, math.log

    @staticmethod
    def phi(name, slope):
        of = (activation, activation_derivative, activation_second_derivative)
        return lambda z: tuple(function(name, z, slope) for function in of)


class Precise:
    """mpmath's numbers, and activations that it differentiates."""

    def __init__(self, mpmath):
        self.mpmath = mpmath
        self.number, self.exp, self.log = mpmath.mpf, mpmath.exp, mpmath.log

    def phi(self, name, slope):
        mpmath = self.mpmath
        function = {
            "relu": lambda z: z if z > 0 else z * 0,
            "leaky_relu": lambda z: z if z > 0 else z * mpmath.mpf(slope),
            "tanh": mpmath.tanh,
            "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
            "gelu": lambda z: z * mpmath.ncdf(z),
        }[name]
        return lambda z: tuple(mpmath.diff(function, z, order) for order in range(3))


def hessian(net, xs, ys, kind="mse", numbers=Floats):
    """d²L/dθ² of the mean loss on samples xs (n, d_in) with targets ys (n, d_out)."""
    theta = [numbers.number(number) for number in net.parameters.tolist()]
    places = range(len(theta))
    units = np.array([[numbers.number(int(i == j)) for j in places] for i in places])
    nothing = 0 * units
    parameters = [Jet(t, unit, nothing) for t, unit in zip(theta, units, strict=True)]

    def constant(number):
        return Jet(numbers.number(number), nothing[0], nothing)

    phi, total = numbers.phi(net.activation, net.slope), nothing
    for x, y in zip(np.asarray(xs).tolist(), np.asarray(ys).tolist(), strict=True):
        outputs = forward(net, parameters, [constant(number) for number in x], phi)
        total = total + sample_hessian(outputs, y, kind, constant, numbers)
    terms = 1 if kind == "softmax_cross_entropy" else len(outputs)
    return total / (len(xs) * terms)


def forward(net, parameters, a, phi):
    """The outputs of one sample."""
    parameters = iter(parameters)
    for layer, w in enumerate(net.weights):
        rows = [[next(parameters) for _ in a] for _ in w]
        z = [next(parameters) for _ in w]
        for i, row in enumerate(rows):
            for weight, value in zip(row, a, strict=True):
                z[i] += weight * value
        a = [number.through(phi) for number in z] if layer < net.depth else z
    return a


def sample_hessian(outputs, y, kind, constant, numbers):
    """d²L/dθ² of one sample's loss, times the outputs that it is a mean over."""

    def softplus(v):
        s, rest = 1 / (1 + numbers.exp(-v)), 1 / (1 + numbers.exp(v))
        return -numbers.log(rest), s, s * rest

    if kind == "softmax_cross_entropy":
        return softmax_hessian(outputs, y, numbers)
    total = constant(0)
    for o, t in zip(outputs, y, strict=True):
        if kind == "mse":
            error = o + constant(-t)
            total += error * error
        else:
            total += o.through(softplus) + constant(-t) * o
    return total.second


def softmax_hessian(outputs, y, numbers):
    """Σ_i (p_i - y_i) o_i'' + Σ_ij p_i (δ_ij - p_j) o_i' o_j'; by log and exp, p would cancel."""
    top = max(o.value for o in outputs)
    powers = [numbers.exp(o.value - top) for o in outputs]
    p = [power / sum(powers) for power in powers]
    total = sum((q - t) * o.second for q, t, o in zip(p, y, outputs, strict=True))
    for i, a in enumerate(outputs):
        for j, b in enumerate(outputs):
            total = total + p[i] * ((i == j) - p[j]) * np.outer(a.first, b.first)
    return total
