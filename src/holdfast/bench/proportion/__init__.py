"""What single requests cost and how costs grow: they must stay in proportion to what is asked for."""
