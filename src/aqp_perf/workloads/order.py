"""The item of the shipped workloads: an order of a customer."""

from aqp_perf.core.data.statements import STATUSES
from aqp_perf.items import Item, choice, decimal, integer, key, partition, text, timestamp


class Order(Item):
    """An order; a customer of an account is a partition."""

    account = partition(100, size="accounts")
    customer = partition(100, size="customers")
    pk = key("ACCOUNT#ACCOUNT{account}#CUSTOMER#CUSTOMER{customer}")
    sk = key("STATUS#{status}#ORDER#{id}")
    zipcode = integer(10_000, 10_099, size="zipcodes")
    username = text("user{}", 1_000, size="usernames")
    datetime = timestamp("2021-01-01", "2023-01-01", format="%Y-%m-%d %H:%M:%S")
    status = choice(*STATUSES)
    amount = decimal(0, "9999.999999999999", places=12)
