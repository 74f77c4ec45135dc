"""How a department writes: typed columns become its files, by what its resource declares and nothing else.

This is the inverse of `pipelines.conform`, and knows no table. Headers, date patterns, units,
lookups, delimiters and encodings come from the declaration, so that a resource that somebody
lays over is written as well as a built-in one.
"""
