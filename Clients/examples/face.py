#!/usr/bin/env python3
"""Emotions of the faces in pictures, from a `mien serve` of our own. Needs nothing but the package protobuf (4.22 or later).

    python3 face.py [--estimator ID] [--categories NAME,NAME...] PICTURE...

Exit codes: 0 all answered, 1 some pictures failed, 2 wrong usage, 69 the host could not be started or ended early.
"""
import argparse
import os
import sys

from wire import Host, HostGone, messages

Request, Response = (messages["mien.v1." + name] for name in ("EstimateFaceRequest", "EstimateFaceResponse"))


def describe(estimate):
    """The three strongest emotions, by how much each exceeds a neutral face where that is known, and those on which the estimator abstains."""
    parts = []
    for category in [category for category in estimate.categories if not category.abstained][:3]:
        above = f" ({category.above_neutral:+.2f} above neutral)" if category.WhichOneof("optional_above_neutral") else ""
        parts.append(f"{category.name} {category.intensity:.2f}{above}")
    withheld = [category.name for category in estimate.categories if category.abstained]
    if withheld:
        parts.append(f"no estimate of {', '.join(withheld)}")
    for one in estimate.attributes:
        parts.append(f"{one.name} {one.value:.1f} ({one.low_end} {one.scale.minimum:g} to {one.high_end} {one.scale.maximum:g})")
    return ", ".join(parts)


def main(pictures, estimator, categories):
    host, failed = Host(), 0
    for picture in pictures:
        request = Request(path=os.path.abspath(picture), estimator=estimator, options=dict(categories=categories))
        status, answer = host.unary("/mien.v1.Estimation/EstimateFace", request)
        if status.code:
            failed += 1
            print(f"{picture}: {status.message}", file=sys.stderr)
            continue
        estimates = Response.FromString(answer).estimates
        print(f"{picture}: {len(estimates)} face{'s' * (len(estimates) != 1)}")
        for estimate in estimates:
            box = estimate.face.box
            print(f"  {box.width:.0f}x{box.height:.0f} at {box.left:.0f},{box.top:.0f}: {describe(estimate)}")
    host.process.stdin.close()  # the host ends with its input
    host.process.wait()
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Emotions of the faces in pictures.")
    parser.add_argument("--estimator", default="", help="id of an estimator, as `mien info` lists them")
    parser.add_argument("--categories", type=lambda names: names.split(","), default=[], help="only these emotions, with commas between")
    parser.add_argument("pictures", nargs="+", metavar="PICTURE")
    arguments = parser.parse_args()
    try:
        sys.exit(main(arguments.pictures, arguments.estimator, arguments.categories))
    except HostGone as error:
        print(f"face.py: {error}", file=sys.stderr)
        sys.exit(69)
