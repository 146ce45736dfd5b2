"""The experiments of docs/scale.md, and its tables and plots."""
