"""Networks in ONNX files: a chain of affine nodes with one and the same activation in between.

An affine layer is a Gemm, or a MatMul by a constant with or without an Add of one after it;
Identity, Dropout and Flatten are passed over. Whatever else is in the graph is named and refused,
for the function loaded would not be that of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from npnets.network import Network

#: ONNX's operators and the engine's names.
ACTIVATIONS = {
    "Relu": "relu",
    "LeakyRelu": "leaky_relu",
    "Tanh": "tanh",
    "Sigmoid": "sigmoid",
    "Selu": "selu",
}
#: What does nothing to a batch of samples in use.
PASSED_OVER = ("Identity", "Dropout", "Flatten")
#: alpha and gamma of Selu in the engine and in ONNX's default.
SELU = {"alpha": 1.6732632423543772, "gamma": 1.0507009873554805}


def network_of_onnx(data: bytes) -> Network:
    """The network in the bytes of an ONNX file.

    Raises
    ------
    ValueError
        If the bytes are no ONNX model, or its graph is no plain network; the node is named.
    ImportError
        If the package onnx is not installed.
    """
    onnx = _onnx()
    try:
        graph = onnx.load_model_from_string(data).graph
    except Exception as error:  # protobuf's DecodeError is of another class in each of its versions
        raise ValueError(f"it is no ONNX model: {error}") from error
    if not graph.node:
        raise ValueError("it is no ONNX model: its graph has no nodes")
    return _Chain(onnx, graph).network()


def _onnx() -> Any:
    try:
        import onnx
    except ImportError as error:
        raise ImportError(
            "an .onnx file needs a package more: pip install 'npnets[onnx]'"
        ) from error
    return onnx


class _Chain:
    """A graph read node by node, each of which takes what the one before it gave."""

    def __init__(self, onnx: Any, graph: Any) -> None:
        self.onnx = onnx
        self.graph = graph
        self.constants = {tensor.name: self._array(tensor) for tensor in graph.initializer}
        self.weights: list[np.ndarray] = []
        self.biases: list[np.ndarray] = []
        self.activations: list[tuple[str, float] | None] = []
        """What follows each layer; None for nothing (yet)."""
        self.biased = True
        """Whether the last layer has its bias, or an Add may still bring one."""

    def network(self) -> Network:
        inputs = [value.name for value in self.graph.input if value.name not in self.constants]
        if len(inputs) != 1 or len(self.graph.output) != 1:
            raise ValueError(
                f"a network has one input and one output, the graph has {len(inputs)} and "
                f"{len(self.graph.output)}"
            )
        current = inputs[0]
        for node in self.graph.node:
            if node.op_type == "Constant":
                self.constants[node.output[0]] = self._constant(node)
            elif current not in node.input:
                raise ValueError(f"{_name(node)} does not take what the node before it gives")
            else:
                self._take(node, [name for name in node.input if name and name != current])
                current = node.output[0]
        if current != self.graph.output[0].name:
            raise ValueError(f"the graph's output is not what its last node gives, {current!r}")
        activation, slope = self._activation()
        return Network(self.weights, self.biases, activation, slope)

    def _take(self, node: Any, others: list[str]) -> None:
        if node.op_type in PASSED_OVER:
            return
        if node.op_type in ACTIVATIONS:
            self._take_activation(node)
        elif node.op_type == "Gemm":
            self._take_gemm(node, others)
        elif node.op_type == "MatMul":
            self._add_layer(node, self._matrix(node, others, left=node.input[0] in others), None)
        elif node.op_type == "Add" and self.weights and not self.biased:
            self._add_bias(node, self._given(node, others)[0])
        else:
            raise ValueError(f"{_name(node)} has no place in a plain network")

    def _take_activation(self, node: Any) -> None:
        if not self.weights or self.activations[-1] is not None:
            raise ValueError(f"{_name(node)} does not follow an affine layer")
        attributes = self._attributes(node)
        if node.op_type == "Selu":
            given = {name: attributes.get(name, value) for name, value in SELU.items()}
            if not all(np.isclose(given[name], SELU[name], rtol=1e-6) for name in SELU):
                raise ValueError(f"{_name(node)} has other constants than SELU's: {given}")
        self.biased = True
        slope = attributes.get("alpha", 0.01) if node.op_type == "LeakyRelu" else 0.01
        self.activations[-1] = (ACTIVATIONS[node.op_type], float(slope))

    def _take_gemm(self, node: Any, others: list[str]) -> None:
        """alpha A B + beta C, A the samples, B the weights, transposed or not."""
        attributes = self._attributes(node)
        given = self._given(node, others)
        if node.input[0] in others or attributes.get("transA", 0):
            raise ValueError(f"{_name(node)} does not take samples as rows")
        matrix = given[0] if attributes.get("transB", 0) else given[0].T
        self._add_layer(node, matrix * matrix.dtype.type(attributes.get("alpha", 1.0)), None)
        if len(given) > 1:
            self._add_bias(node, given[1] * given[1].dtype.type(attributes.get("beta", 1.0)))
        self.biased = True

    def _matrix(self, node: Any, others: list[str], left: bool) -> np.ndarray:
        if left:
            raise ValueError(f"{_name(node)} does not take samples as rows")
        return self._given(node, others)[0].T

    def _add_layer(self, node: Any, matrix: np.ndarray, activation: None) -> None:
        if matrix.ndim != 2:
            raise ValueError(f"{_name(node)} has weights of {matrix.ndim} dimensions, not 2")
        self.weights.append(matrix)
        self.biases.append(np.zeros(len(matrix), matrix.dtype))
        self.activations.append(activation)
        self.biased = False

    def _add_bias(self, node: Any, bias: np.ndarray) -> None:
        try:
            self.biases[-1] = np.broadcast_to(bias, (1, len(self.biases[-1])))[0]
        except ValueError:
            raise ValueError(
                f"{_name(node)} has a bias of shape {bias.shape} for {len(self.biases[-1])} neurons"
            ) from None
        self.biased = True

    def _activation(self) -> tuple[str, float]:
        """The one activation between the layers, with its slope."""
        if not self.weights:
            raise ValueError("the graph has no affine layer")
        if self.activations[-1] is not None:
            raise ValueError(
                f"the last layer must be linear, a {self.activations[-1][0]} follows it"
            )
        between = set(self.activations[:-1])
        if len(between) > 1:
            names = ", ".join(sorted("nothing" if one is None else one[0] for one in between))
            raise ValueError(f"one activation must stand between all layers, got {names}")
        found = between.pop() if between else None
        return ("identity", 0.01) if found is None else found

    def _given(self, node: Any, names: list[str]) -> list[np.ndarray]:
        """The constants of those names."""
        for name in names:
            if name not in self.constants:
                raise ValueError(f"{_name(node)} takes {name!r}, which is not constant")
        if not names:
            raise ValueError(f"{_name(node)} takes no constant")
        return [self.constants[name] for name in names]

    def _constant(self, node: Any) -> np.ndarray:
        value = self._attributes(node).get("value")
        if value is None:
            raise ValueError(f"{_name(node)} is a constant of another kind than a tensor")
        return self._array(value)

    def _attributes(self, node: Any) -> Mapping[str, Any]:
        return {a.name: self.onnx.helper.get_attribute_value(a) for a in node.attribute}

    def _array(self, tensor: Any) -> np.ndarray:
        if self.onnx.external_data_helper.uses_external_data(tensor):
            raise ValueError(
                f"tensor {tensor.name!r} lies in another file; save it within this one"
            )
        return np.array(self.onnx.numpy_helper.to_array(tensor))


def _name(node: Any) -> str:
    name = node.name or ", ".join(node.output)
    return f"node {name!r} ({node.op_type})"
