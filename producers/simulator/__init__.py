"""Program `python -m producers.simulator`: a believable city hall, the same for the same seed."""
