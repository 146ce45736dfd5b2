"""The benchmark: experiments over HTTP on a server by URL, or on a stack of its own.

It knows the contract and nothing of the inside. What it starts it starts as anybody would, with `holdfast run` and
`holdfast scale`; psutil tells what that costs.
"""
