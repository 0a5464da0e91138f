"""One file per provider: how its wire format becomes a stream of pieces, and its errors become faults."""
