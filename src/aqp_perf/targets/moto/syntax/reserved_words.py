"""PartiQL's reserved words: an attribute with such a name must be quoted.

Found by asking DynamoDB Local about every word of SQL-92, of PartiQL and of DynamoDB's own list of
reserved words: it refuses these unquoted, and takes ``status``, ``datetime`` and the rest of
DynamoDB's list. A contract test asks about each of them again.
"""

KEYWORDS = frozenset(
    """
    select from where order by asc desc insert into value and or not in between is null missing
    true false size update set remove delete returning all modified old new exists
    """.split()  # noqa: SIM905  # one word a line would hide the rest of the module
)
"""The words of the grammar: ``select`` is its terminal ``_SELECT``."""

RESERVED_WORDS = frozenset(
    """
    absolute action add allocate alter any are as assertion at authorization avg bag begin
    bit bit_length blob bool boolean cascade cascaded case cast catalog char char_length
    character character_length check clob close coalesce collate collation column commit
    conflict connect connection constraint constraints continue convert corresponding count
    create cross current current_date current_time current_timestamp current_user cursor
    date date_add date_diff deallocate dec decimal declare default deferrable deferred
    describe descriptor diagnostics disconnect distinct do domain double drop else end
    escape except exception exec execute external extract fetch first float for foreign
    found full get global go goto grant group having identity immediate index indicator
    initially inner input insensitive int integer intersect interval isolation join key
    language last left let level like limit list local lower match max min module names
    national natural nchar next no nothing nullif numeric octet_length of on only open
    option outer output overlaps pad partial pivot position precision prepare preserve
    primary prior privileges procedure public read real references relative restrict revoke
    right rollback rows schema scroll section session session_user sexp smallint some space
    sql sqlcode sqlerror sqlstate string struct substring sum symbol system_user table
    temporary then time timestamp to transaction translate translation trim tuple union
    unique unknown unpivot upper usage user using values varchar varying view when whenever
    with work write zone
    """.split()  # noqa: SIM905 # as above
)
"""Reserved words that the grammar does not use."""
