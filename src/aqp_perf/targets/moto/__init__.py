"""A moto server for load: PartiQL that works, at a cost that does not grow with the table.

``python -m aqp_perf.targets.moto`` serves moto over HTTP. ExecuteStatement, BatchExecuteStatement
and ExecuteTransaction are answered here, over moto's own tables; Query reads one partition instead
of the table; everything else is moto's.

| module | what it holds |
| --- | --- |
| `moto_tables` | every moto internal we rely on, and the check that they are still there |
| `syntax` | PartiQL text to a frozen statement: grammar, words, parser |
| `execution.values` | DynamoDB's rules for values, keys and sizes |
| `execution.conditions` | a WHERE clause to a test of an item |
| `execution`: `insert`, `update`, `write`, `plan`, `select` | what a statement does to a table |
| `execution`: `execute`, `batch` | one request: parse, check, run, add up capacity units |
| `server`, `__main__` | WSGI, HTTP and the command line |
"""
