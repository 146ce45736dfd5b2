"""A model of large on-sales: many cells, many nodes and a crowd. See docs/scale.md."""
