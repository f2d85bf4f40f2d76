"""One value, many faces: each function takes a record and returns text."""
