"""The composition roots: they turn settings into pools and capabilities, and these into an API or a worker."""
