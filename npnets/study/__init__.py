"""A study: which networks to train, the store that keeps them, and what they say together."""
