#!/usr/bin/env python3
"""Emotions of the faces in pictures, from a `mien serve` of our own. Needs nothing but the package protobuf (4.22 or later).

    python3 face.py PICTURE...

Exit codes: 0 all answered, 1 some pictures failed, 69 the host could not be started or ended early.
"""
import os
import sys

from wire import Host, HostGone, messages

Request, Response = (messages["mien.v1." + name] for name in ("EstimateFaceRequest", "EstimateFaceResponse"))


def main(pictures):
    host, failed = Host(), 0
    for picture in pictures:
        status, answer = host.unary("/mien.v1.Estimation/EstimateFace", Request(path=os.path.abspath(picture)))
        if status.code:
            failed += 1
            print(f"{picture}: {status.message}", file=sys.stderr)
            continue
        estimates = Response.FromString(answer).estimates
        print(f"{picture}: {len(estimates)} face{'s' * (len(estimates) != 1)}")
        for estimate in estimates:
            box = estimate.face.box
            emotions = ", ".join(f"{category.name} {category.intensity:.2f}" for category in estimate.categories[:3])
            print(f"  {box.width:.0f}x{box.height:.0f} at {box.left:.0f},{box.top:.0f}: {emotions}")
    host.process.stdin.close()  # the host ends with its input
    host.process.wait()
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    try:
        sys.exit(main(sys.argv[1:]))
    except HostGone as error:
        print(f"face.py: {error}", file=sys.stderr)
        sys.exit(69)
