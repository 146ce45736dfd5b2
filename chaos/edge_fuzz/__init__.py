"""A differential fuzzer for raw HTTP: a node's server and nginx get the same bytes, and what each reads is compared.

If a proxy and the node behind it read the same bytes differently, requests can be smuggled: part of one buyer's body
becomes another buyer's request. `python -m chaos.edge_fuzz --help` says how to run it and how to replay what it finds.
"""
