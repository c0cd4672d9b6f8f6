"""What a PartiQL statement does to a table of moto."""
