"""Who asks: how that is proved, what it allows, and the resources that administer it."""
