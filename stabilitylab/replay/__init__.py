"""The stages of a pipeline, run in the user's arithmetic and exactly: the errors of the stages add up to the total."""
