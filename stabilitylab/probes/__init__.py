"""What a route does, found out by asking it: rank policies, violated laws, wrong digits."""
