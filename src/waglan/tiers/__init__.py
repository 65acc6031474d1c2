"""How high a use case stands: a lattice over named triggers that cite clauses, and what follows from it."""
