"""Experiments run once and kept: their form, their documents, the runner."""
