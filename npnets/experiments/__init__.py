"""Experiments: every file here is one, and nothing else is.

An experiment is a module with

- a docstring: the question in its first line, then the method;
- ``CLAIMS``, a tuple of the ids of the claims it measures, like ``("A1",)``; no other experiment
  measures them;
- ``Config``, a frozen dataclass. ``Config()`` is the full protocol, ``Config.smoke()``, a class
  method, the same in seconds;
- ``Result``, a frozen dataclass with all that ``check`` and the figure need. Its fields, like those
  of ``Config``, are of the types that npnets.reproduction.documents takes to JSON and back: arrays,
  numbers, text, and tuples, lists, dictionaries and dataclasses of these;
- ``run(config) -> Result``, in which everything is trained and measured, and whose random numbers
  follow from the config alone;
- ``check(result) -> list[Measurement]``, which computes in a moment one for every figure of its
  claims, under every variant of what their source leaves open.

Its figure is the file of the same name in npnets/figures/experiments, with the function
``draw(result, figure)``, which draws a stored result and computes nothing.

Numba, SciPy and Matplotlib are imported inside functions, so that asking for claims is quick.
What of that can be seen without a run, npnets.reproduction.form checks before each; the rest is
held for every file by tests/test_experiments.py, in the smoke run.
"""
