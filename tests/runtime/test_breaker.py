from waglan.runtime.breaker import Breaker, State


def test_it_opens_after_failures_in_a_row_and_tries_one_after_a_rest():
    now = [0]
    breaker = Breaker(lambda: now[0], failures=3, rest_s=10)
    for _ in range(2):
        breaker.failed()
    breaker.succeeded()
    for _ in range(2):
        breaker.failed()
    assert breaker.allow() and breaker.state is State.CLOSED
    breaker.failed()
    assert breaker.state is State.OPEN and not breaker.allow()
    now[0] = 10_000_000_000
    assert breaker.allow() and breaker.state is State.HALF_OPEN
    assert not breaker.allow(), "one trial at a time"
    breaker.failed()
    assert breaker.state is State.OPEN and not breaker.allow()
    now[0] = 20_000_000_000
    assert breaker.allow()
    breaker.succeeded()
    assert breaker.state is State.CLOSED and breaker.allow()


def test_a_trial_that_never_reports_back_is_followed_by_another():
    now = [0]
    breaker = Breaker(lambda: now[0], failures=1, rest_s=1)
    breaker.failed()
    now[0] = 1_000_000_000
    assert breaker.allow() and not breaker.allow()
    now[0] = 2_000_000_000
    assert breaker.allow()
