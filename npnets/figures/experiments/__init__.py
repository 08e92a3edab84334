"""The figures of experiments: in each file of an experiment's name, ``draw(result, figure)``."""
