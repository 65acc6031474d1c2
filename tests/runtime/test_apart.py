import asyncio
import threading
import time

import pytest

from waglan.runtime.apart import Apart, Overdue, Stuck


def run(work):
    return asyncio.run(work)


def test_answers_and_errors_come_back():
    apart = Apart()

    async def later():
        await asyncio.sleep(0)
        return 3

    assert run(apart.run(lambda: 2, 1)) == 2
    assert run(apart.run(later, 1)) == 3
    with pytest.raises(ZeroDivisionError):
        run(apart.run(lambda: 1 / 0, 1))
    with pytest.raises(TimeoutError):
        run(apart.run(lambda: (_ for _ in ()).throw(TimeoutError()), 1))
    with pytest.raises(RuntimeError, match="SystemExit"):
        run(apart.run(lambda: (_ for _ in ()).throw(SystemExit()), 1))
    assert run(apart.run(lambda: 4, 1)) == 4
    apart.close()


def test_what_hangs_is_left_behind_and_too_many_are_refused():
    apart, gate = Apart(limit=2), threading.Event()
    for _ in range(2):
        with pytest.raises(Overdue):
            run(apart.run(gate.wait, 0.02))
    assert apart.left_behind == 2
    with pytest.raises(Stuck):
        run(apart.run(lambda: 1, 1))
    gate.set()
    for _ in range(100):
        if apart.left_behind == 0:
            break
        time.sleep(0.01)
    assert run(apart.run(lambda: 1, 1)) == 1


def test_a_caller_that_gives_up_leaves_the_call_behind():
    apart, gate = Apart(), threading.Event()

    async def give_up():
        task = asyncio.ensure_future(apart.run(gate.wait, 10))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(give_up())
    assert apart.left_behind == 1
    gate.set()


def test_threads_are_used_again():
    apart = Apart()
    names = {run(apart.run(lambda: threading.current_thread().ident, 1)) for _ in range(20)}
    assert len(names) == 1
