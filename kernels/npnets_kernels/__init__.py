"""The hot loops of npnets: arrays and scalars in, arrays out; no validation, I/O or randomness."""
