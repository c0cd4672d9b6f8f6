"""Load runs: the locust command as a child, and what runs inside it.

```text
in the process of pytest: no locust, no gevent
    run_spec, launcher, failed_start          the command, its process, why it did not start
    result_file                               what it leaves behind
in the processes of locust
    instrument, measurement, watch, window    what is measured, when, and what ends it early
    request_listener, recorder, operation_recorder, server_times
                                              from a request to what is kept of it
    senders, own_wire, health, soundness      workers and master; what spoils a run
    workload, process_arrivals, arrivals, alarm, ending
                                              what users share: settings, the open model, the end
    users, partiql_user, aqp_user             the base classes of users, and what they send with
```
"""
