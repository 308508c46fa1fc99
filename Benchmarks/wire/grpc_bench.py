"""Round trips of 1 KiB through Python's grpcio over a unix socket, in the terms of wire_bench.c.

One process serves, this one calls; every line "go" on stdin is answered with one line of JSON.
"""
import collections
import concurrent.futures
import json
import multiprocessing
import os
import sys
import tempfile
import time

import grpc

METHOD = "/mien.v1.Diagnostics/Echo"
LATENCIES, PIPELINED, IN_FLIGHT = 1000, 4000, 64


def serve(address, ready):
    class Handler(grpc.GenericRpcHandler):
        def service(self, details):
            return grpc.unary_unary_rpc_method_handler(lambda request, context: request)

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2), handlers=[Handler()])
    server.add_insecure_port(address)
    server.start()
    ready.set()
    server.wait_for_termination()


def main():
    with tempfile.TemporaryDirectory() as folder:
        address = "unix:" + os.path.join(folder, "s")
        ready = multiprocessing.Event()
        server = multiprocessing.Process(target=serve, args=(address, ready), daemon=True)
        server.start()
        ready.wait(30)
        call = grpc.insecure_channel(address).unary_unary(METHOD)
        payload = b"x" * 1024
        call(payload)
        print("ready", flush=True)
        for _ in sys.stdin:
            latency = []
            for _ in range(LATENCIES):
                start = time.perf_counter()
                call(payload)
                latency.append((time.perf_counter() - start) * 1e6)
            latency.sort()
            start = time.perf_counter()
            flying = collections.deque()
            for _ in range(PIPELINED):
                if len(flying) == IN_FLIGHT:
                    flying.popleft().result()
                flying.append(call.future(payload))
            for future in flying:
                future.result()
            rate = PIPELINED / (time.perf_counter() - start)
            print(json.dumps(dict(median_us=round(latency[LATENCIES // 2], 2), p99_us=round(latency[LATENCIES * 99 // 100], 2),
                                  calls_per_s=round(rate))), flush=True)
        server.terminate()


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    main()
