"""Workers share the arrivals as they share the users."""

from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.loadgen.workload.shares import shares_of

worker_counts = st.dictionaries(
    st.sampled_from(["w0", "w1", "w2", "w3"]),
    st.dictionaries(st.sampled_from(["Reader", "Writer", "Other"]), st.integers(0, 6)),
    max_size=4,
)


@settings(max_examples=200)
@given(worker_counts)
def test_shares_partition_the_users_of_each_class(counts: dict[str, dict[str, int]]) -> None:
    shares = shares_of(counts)

    for name in ("Reader", "Writer", "Other"):
        total = sum(classes.get(name, 0) for classes in counts.values())
        positions = [
            position
            for worker in counts
            if name in shares[worker]
            for first, count, _ in [shares[worker][name]]
            for position in range(first, first + count)
        ]
        assert sorted(positions) == list(range(total))
        assert all(share[name][2] == total for share in shares.values() if name in share)


@settings(max_examples=200)
@given(worker_counts)
def test_a_worker_has_as_many_arrivals_as_users(counts: dict[str, dict[str, int]]) -> None:
    for worker, share in shares_of(counts).items():
        got = {name: count for name, (_, count, _) in share.items() if count}
        assert got == {name: count for name, count in counts[worker].items() if count}
