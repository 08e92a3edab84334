"""The texts that the claims are taken from, and what they name."""

from __future__ import annotations

ANATOMY = "The Anatomy of Small Neural Networks (artpar, 2026)"
DIMENSION = "Layerwise Effective Dimension Oscillations in Finite Width ReLU Networks, a summary"
PERCEPTRONS = "Multi-Layer Perceptrons: How Neural Networks Bend Space to See (2025)"
DEPTH = "A lecture on universal approximation, depth and residual connections"

#: Where ANATOMY puts eigenvalues of the Hessian, steepest first; it has no place for negative ones.
TIERS = ("steep", "moderate", "weak", "zero")
