"""Tables, sessions, transactions."""

# Every table first: a foreign key has its type only once the table it refers to is there, and a statement built before
# that would send it to the database as it is.
from db import tables as tables
