"""An oracle written from the formulas: one network, one sample, plain loops over plain floats.

It imports nothing of npnets and no arrays, so that a mistake would have to be made twice. A network
is ``weights[l][i][j]`` and ``biases[l][i]``: layer l, output i, input j. A sample is a list.
"""

import math


def sigmoid(z):
    if z < 0:
        return math.exp(z) / (1 + math.exp(z))
    return 1 / (1 + math.exp(-z))


def tanh_derivative(z):
    """sech(z)^2, without the cancellation of 1 - tanh(z)^2."""
    e = math.exp(-2 * abs(z))
    return 4 * e / (1 + e) ** 2


def activation(name, z, slope=0.01):
    if name == "relu":
        return z if z > 0 else 0.0
    if name == "leaky_relu":
        return z if z > 0 else slope * z
    if name == "gelu":
        return z * 0.5 * (1 + math.erf(z / math.sqrt(2)))
    if name == "gelu_tanh":
        return 0.5 * z * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))
    if name == "tanh":
        return math.tanh(z)
    if name == "sigmoid":
        return sigmoid(z)
    if name == "selu":
        return 1.0507009873554805 * (z if z > 0 else 1.6732632423543772 * (math.exp(z) - 1))
    if name == "identity":
        return z
    raise KeyError(name)


def activation_derivative(name, z, slope=0.01):
    if name == "relu":
        return 1.0 if z > 0 else 0.0
    if name == "leaky_relu":
        return 1.0 if z > 0 else slope
    if name == "gelu":
        density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        return 0.5 * (1 + math.erf(z / math.sqrt(2))) + z * density
    if name == "gelu_tanh":
        t, dt, u1, _ = _gelu_tanh_parts(z)
        return 0.5 * (1 + t) + 0.5 * z * dt * u1
    if name == "tanh":
        return tanh_derivative(z)
    if name == "sigmoid":
        return sigmoid(z) * (1 - sigmoid(z))
    if name == "selu":
        return 1.0507009873554805 * (1 if z > 0 else 1.6732632423543772 * math.exp(z))
    if name == "identity":
        return 1.0
    raise KeyError(name)


def activation_second_derivative(name, z, slope=0.01):
    if name in ("relu", "leaky_relu", "identity"):
        return 0.0
    if name == "gelu":
        return (2 - z * z) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    if name == "gelu_tanh":
        t, dt, u1, u2 = _gelu_tanh_parts(z)
        return dt * (u1 + 0.5 * z * u2 - z * t * u1 * u1)
    if name == "tanh":
        return -2 * math.tanh(z) * tanh_derivative(z)
    if name == "sigmoid":
        s = sigmoid(z)
        return s * (1 - s) * (1 - 2 * s)
    if name == "selu":
        return 0.0 if z > 0 else 1.0507009873554805 * 1.6732632423543772 * math.exp(z)
    raise KeyError(name)


def _gelu_tanh_parts(z):
    """tanh u, sech² u, u' and u'' for u = √(2/π) (z + 0.044715 z³)."""
    c = math.sqrt(2 / math.pi)
    u = c * (z + 0.044715 * z**3)
    return math.tanh(u), tanh_derivative(u), c * (1 + 0.134145 * z * z), c * 0.26829 * z


def preactivations(weights, biases, x, name="relu", slope=0.01):
    """z of every layer, for one sample; the last is the output."""
    layers, inputs = [], list(x)
    for layer in range(len(weights)):
        z = []
        for i in range(len(biases[layer])):
            total = biases[layer][i]
            for j in range(len(inputs)):
                total += weights[layer][i][j] * inputs[j]
            z.append(total)
        layers.append(z)
        inputs = [activation(name, value, slope) for value in z]
    return layers


def forward(weights, biases, x, name="relu", slope=0.01):
    return preactivations(weights, biases, x, name, slope)[-1]


def sample_loss(output, y, kind="mse"):
    """The loss of one sample; y has one entry per output."""
    if kind == "mse":
        return sum((o - t) ** 2 for o, t in zip(output, y, strict=True)) / len(output)
    if kind == "binary_cross_entropy":
        total = 0.0
        for o, t in zip(output, y, strict=True):
            total -= t * math.log(sigmoid(o)) + (1 - t) * math.log(sigmoid(-o))
        return total / len(output)
    if kind == "softmax_cross_entropy":
        top = sum(math.exp(o) for o in output)
        return -sum(t * math.log(math.exp(o) / top) for o, t in zip(output, y, strict=True))
    raise KeyError(kind)


def sample_delta(output, y, kind="mse"):
    """The derivative of `sample_loss` with respect to each output."""
    if kind == "mse":
        return [2 * (o - t) / len(output) for o, t in zip(output, y, strict=True)]
    if kind == "binary_cross_entropy":
        return [(sigmoid(o) - t) / len(output) for o, t in zip(output, y, strict=True)]
    if kind == "softmax_cross_entropy":
        top = sum(math.exp(o) for o in output)
        return [math.exp(o) / top - t for o, t in zip(output, y, strict=True)]
    raise KeyError(kind)


def loss(weights, biases, xs, ys, kind="mse", name="relu", slope=0.01):
    """The mean of `sample_loss` over samples."""
    total = 0.0
    for x, y in zip(xs, ys, strict=True):
        total += sample_loss(forward(weights, biases, x, name, slope), y, kind)
    return total / len(xs)


def sample_gradient(weights, biases, x, y, kind="mse", name="relu", slope=0.01):
    """The flat gradient of one sample's loss: W1 row by row, b1, W2, …"""
    z = preactivations(weights, biases, x, name, slope)
    delta = sample_delta(z[-1], y, kind)
    pieces = []
    for layer in range(len(weights) - 1, -1, -1):
        before = list(x)
        if layer > 0:
            before = [activation(name, value, slope) for value in z[layer - 1]]
        piece = [d * a for d in delta for a in before] + list(delta)
        pieces.insert(0, piece)
        if layer > 0:
            next_delta = []
            for j in range(len(before)):
                total = 0.0
                for i in range(len(delta)):
                    total += delta[i] * weights[layer][i][j]
                next_delta.append(total * activation_derivative(name, z[layer - 1][j], slope))
            delta = next_delta
    return [entry for piece in pieces for entry in piece]


def gradient(weights, biases, xs, ys, kind="mse", name="relu", slope=0.01):
    """The mean of `sample_gradient` over samples."""
    total = None
    for x, y in zip(xs, ys, strict=True):
        one = sample_gradient(weights, biases, x, y, kind, name, slope)
        total = one if total is None else [s + g for s, g in zip(total, one, strict=True)]
    return [s / len(xs) for s in total]


def sgd_step(theta, gradient, lr=0.01):
    return [p - lr * g for p, g in zip(theta, gradient, strict=True)]


def momentum_step(theta, gradient, buffer, lr=0.01, mu=0.9):
    """The next θ and the next buffer, from a buffer of zeros."""
    buffer = [mu * u + g for u, g in zip(buffer, gradient, strict=True)]
    return [p - lr * u for p, u in zip(theta, buffer, strict=True)], buffer


def adam_step(theta, gradient, m, v, t, lr=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
    """The next θ, m and v at step t = 1, 2, …, from m and v of zeros."""
    new_theta, new_m, new_v = [], [], []
    for p, g, mean, square in zip(theta, gradient, m, v, strict=True):
        mean = beta1 * mean + (1 - beta1) * g
        square = beta2 * square + (1 - beta2) * g * g
        unbiased_mean = mean / (1 - beta1**t)
        unbiased_square = square / (1 - beta2**t)
        new_theta.append(p - lr * unbiased_mean / (math.sqrt(unbiased_square) + eps))
        new_m.append(mean)
        new_v.append(square)
    return new_theta, new_m, new_v


def dead_neurons(weights, biases, xs, name="relu", slope=0.01):
    """Per hidden layer, how many neurons have a preactivation ≤ 0 on every sample."""
    alive = [set() for _ in weights[:-1]]
    for x in xs:
        z = preactivations(weights, biases, x, name, slope)
        for layer in range(len(alive)):
            for i in range(len(z[layer])):
                if z[layer][i] > 0:
                    alive[layer].add(i)
    return [len(biases[layer]) - len(alive[layer]) for layer in range(len(alive))]


def split(theta, widths):
    """``weights`` and ``biases`` as nested lists, from the flat parameters."""
    values = iter([float(value) for value in theta])
    weights, biases = [], []
    for layer in range(len(widths) - 1):
        fan_in, fan_out = widths[layer], widths[layer + 1]
        weights.append([[next(values) for _ in range(fan_in)] for _ in range(fan_out)])
        biases.append([next(values) for _ in range(fan_out)])
    return weights, biases
