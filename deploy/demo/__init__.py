"""Program `duban demo`: a stack of its own, a simulated city hall, and what comes of it."""
