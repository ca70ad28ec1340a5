"""The counting rule on Duban's engine and on its peers: `python -m bench.streams`.

Same topic, same machine, one run. What an engine has written is held against a plain model first:
an engine whose result is wrong, or that cannot be had here, has a reason and no figure.
"""
