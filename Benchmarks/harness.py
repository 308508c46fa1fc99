"""What the benchmarks share: resident variants that run in turns, and tables of what they took."""
import json
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
RELEASE = ROOT / ".build/release"
PYTHON = sys.executable


class Worker:
    """A resident variant: one "go" in, one line out."""

    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "ready":
            sys.exit(f"bench: {name} did not start")

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def rounds(workers, count, warm_up=2):
    results = {worker.name: [] for worker in workers}
    for index in range(count + warm_up):
        for worker in workers[index % len(workers):] + workers[:index % len(workers)]:
            value = worker.go()
            if index >= warm_up:
                results[worker.name].append(value)
    for worker in workers:
        worker.close()
    return results


def table(title, rows, heads):
    widths = [max(len(str(row[i])) for row in [heads] + rows) for i in range(len(heads))]
    print(f"\n{title}")
    for row in [heads, ["-" * w for w in widths]] + rows:
        print("  " + "  ".join(str(cell).ljust(w) if i == 0 else str(cell).rjust(w) for i, (cell, w) in enumerate(zip(row, widths))))


def ratio(ours, theirs):
    """Median over the rounds of theirs / ours: above 1, ours is faster."""
    return statistics.median(b / a for a, b in zip(ours, theirs))


def counted(threads):
    return f"{threads} thread{'s' if threads > 1 else ''}"
