"""A differential fuzzer of raw HTTP: a node's server and nginx get the same bytes; what each reads is compared.

A request that a proxy and the node behind it read differently is how requests are smuggled: one buyer's body becomes
another buyer's request. `python -m chaos.edge_fuzz --help` says how to run it and how to replay what it finds.
"""
