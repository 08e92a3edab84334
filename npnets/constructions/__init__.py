"""Networks built by hand: what ReLUs can do, with weights that are exact where the theory is."""
