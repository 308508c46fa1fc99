"""What makes a peer resident: every line "go" on stdin is answered with the seconds of a first run and the median of further ones."""
import json
import statistics
import sys
import time


def answer(run, repeats):
    def seconds():
        start = time.perf_counter()
        run()
        return time.perf_counter() - start

    seconds()
    print("ready", flush=True)
    for _ in sys.stdin:
        first = seconds()
        print(json.dumps(dict(first=first, warm=statistics.median(seconds() for _ in range(repeats)))), flush=True)
