"""Benchmarks: npnets beside its peers, all in one run and in turn.

``python -m bench`` runs every file of ``bench.cases``. All of them have the same shape: a docstring
that says what is compared and what is not, and ``cases(quick, folder)``, which returns a list of
``runner.Case``: contenders to be measured in turn, and rows that say who is compared with whom and
what is aimed at. The runner knows nothing of any case.
"""
