"""A moto server that stands the load: PartiQL that works, at a cost the table does not raise.

``python -m aqp_perf.targets.moto`` serves moto over HTTP. An adapter answers ExecuteStatement
over moto's own tables, Query walks one partition instead of the table, everything else is moto's.

| module | what it holds |
| --- | --- |
| `moto_tables` | every moto internal we rely on, and the check that they are still there |
| `parser`, `partiql.lark`, `reserved_words`, `statement` | PartiQL text to a frozen statement |
| `values`, `keys` | DynamoDB's rules for values, keys and sizes |
| `operands`, `functions`, `conditions` | a WHERE clause to a predicate over an item |
| `insert`, `plan`, `select`, `next_token`, `execute` | what a statement does to a table |
| `server`, `__main__` | WSGI, HTTP and the command line |
"""
