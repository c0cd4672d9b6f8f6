from aqp_perf.core.measured.failure_class import FailureClass


def test_failure_classes_are_the_names_in_reports_and_thresholds() -> None:
    assert [str(each) for each in FailureClass] == [
        "throttled",
        "server_error",
        "client_error",
        "unauthorized",
        "timeout",
        "connection",
        "wrong_answer",
        "ambiguous",
        "other",
    ]
