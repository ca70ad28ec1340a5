"""Programs of the peers, one a file; each runs in an environment of its own."""
