"""A city that does not exist: people, families, jobs, schools, enterprises, and what happens to them by the day.

What is true in the city is here; how a department writes it down is in `samples.writing`, and
what goes wrong on the way in `samples.dirt`. All numbers carry areas that were never given
(690101 …), so that they belong to nobody.
"""
