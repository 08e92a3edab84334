"""Figures: each file has one, and its ``draw(table, domain, axes)`` only draws."""

from __future__ import annotations

from npnets.figures import loss_by_depth, loss_by_parameters, survival_by_depth

FIGURES = {
    "loss_by_depth": loss_by_depth.draw,
    "loss_by_parameters": loss_by_parameters.draw,
    "survival_by_depth": survival_by_depth.draw,
}
