"""The base class of locust users that insert declared items."""

from typing import ClassVar

from aqp_perf.loadgen.users.partiql_user import PartiqlUser


class InsertUser(PartiqlUser):
    """A user that inserts items of its `item`; the run looks for each of them afterwards.

    ```python
    class WriteInvoice(InsertUser):
        item = Invoice
    ```
    """

    abstract = True
    operation: ClassVar[str] = ""
    """The name it is counted under; the default is that of the class."""

    def send(self, index: int, due_ns: int) -> None:
        """Insert one item, into a partition that is never read."""
        self.insert(self.operation or type(self).__name__, index, due_ns=due_ns)
