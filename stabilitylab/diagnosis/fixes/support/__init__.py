"""What fixes share: the case that is to be mended, a change of it, and the lines of a program that make it."""
