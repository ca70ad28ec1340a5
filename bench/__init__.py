"""Measure what Duban reaches on this machine: `python -m bench`, or `make bench`.

Nothing here is a timed test. Every figure stands beside its target, reached or not.
"""
