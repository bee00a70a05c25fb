"""What a route does, measured by calling it: its rank policy, the metamorphic laws it breaks, its wrong roundings."""
