"""Exact linear regions of piecewise linear networks: on a line, in the plane, in d dimensions.

A ReLU network is affine wherever no neuron changes its state. What is counted has three
definitions, and every count names its own:

activation patterns
    The cells: full-dimensional sets of inputs on which every hidden neuron keeps its state. A
    neuron is active where its preactivation is > 0, inactive where it is < 0, and inactive too
    where it is 0 on the whole cell, as ReLU'(0) = 0 has it. The set of a pattern is convex, so
    different cells have different patterns. Faces of lower dimension are no cells, and a neuron
    whose zeros only touch the domain's boundary divides nothing.
affine pieces
    Neighbouring cells on which the network is the same affine function, merged.
breakpoints
    The points inside an interval at which the output has a kink: affine pieces - 1.

Neurons of an identity layer have no states. Positions and affine maps are float64; the decisions
behind a count (which side of a kink a corner lies on, which of two kinks comes first) are those of
exact arithmetic on the weights as they are stored.
"""
