"""The landscape of the loss around a network: its derivatives, spectra, symmetries and paths."""
