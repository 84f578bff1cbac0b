"""Work done by several threads at the same time."""

import threading


def at_once(count, work):
    """What `work(i)` returns in each of `count` threads, in order; all begin together, and the first error is raised here."""
    ready = threading.Barrier(count)
    results, errors = [None] * count, []

    def one(i):
        try:
            ready.wait()
            results[i] = work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
