"""Events and their charts."""
