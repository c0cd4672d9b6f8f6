"""What AWS says and charges: signatures, refusals, capacity units, prices."""
