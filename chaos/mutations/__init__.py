"""Errors injected into a history that is known to be good: the checkers must find each of them."""
