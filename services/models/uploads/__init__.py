"""Models that owners send to the shop: received, checked by a worker, published; each file is a version of its model.

The graph of such a file is parsed by processes of its own alone, never by the shop's.
"""
