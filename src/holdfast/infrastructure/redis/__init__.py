"""The accelerator: Redis, and what stands in when it is away. Never the truth."""
