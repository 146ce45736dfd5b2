"""The benchmark: experiments over HTTP against a server given by URL, or against a stack that it starts itself.

It uses only the HTTP contract, never internal modules. It starts stacks like a user would, with `holdfast run` and
`holdfast scale`, and measures CPU time and memory with psutil.
"""
