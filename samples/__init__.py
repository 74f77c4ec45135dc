"""Something to run: a synthetic city, made from the declarations, and the demo. Nobody in it is real."""
