"""Experiments: every file here is one, and nothing else is.

An experiment is a module whose docstring has the question and the method, with

- ``CLAIMS``, the ids of the claims it measures, like ``("A1",)``;
- ``Config``, a frozen dataclass whose defaults are the full protocol, with a class method
  ``smoke()`` that is the same in seconds;
- ``run(config) -> Result``, where ``Result`` is a frozen dataclass that goes to JSON and back;
- ``check(result) -> list[Measurement]``, one for every figure of its claims, under every variant.

Its figure is the file of the same name in npnets/figures/experiments, whose
``draw(result, figure)`` draws a stored result and computes nothing. Numba, SciPy and Matplotlib
are imported inside functions, so that asking for claims is quick.
"""
