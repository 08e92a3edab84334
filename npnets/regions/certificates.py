"""What is raised when a result can't be proven."""

from __future__ import annotations


class CertificateError(RuntimeError):
    """A result that a proof contradicts: a mistake in the program, never in what it was given."""
