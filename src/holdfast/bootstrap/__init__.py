"""The composition roots: settings become pools, capabilities, and from those an API or a worker."""
