"""Answers the bench: for each line `WORK CALLS`, does that work so often and says so."""

import sys


def serve(works):
    for line in sys.stdin:
        work, calls = line.split()
        read = works[work]
        for _ in range(int(calls)):
            assert read() == 500
        print("done", flush=True)
