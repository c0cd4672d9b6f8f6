"""Tables: creation, seeding, reading, deletion."""
