"""Who the caller is: how it is proved, what it permits, and the resources to administer it."""
