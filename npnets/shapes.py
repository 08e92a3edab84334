"""Shapes (hidden widths, written 5-7-4): all of them, a sample of them, and their features."""
