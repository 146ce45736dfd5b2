"""What single requests cost, and how costs grow: the figures that must stay in proportion to what is asked."""
