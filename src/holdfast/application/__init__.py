"""What can be done: one verb per module, over the ports. Speaks no driver and no framework."""
