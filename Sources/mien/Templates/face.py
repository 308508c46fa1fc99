"""NAME: a plugin for Mien. Say here what it estimates, from what, and how far that can be trusted."""
from mien.plugin import Face, Reading, estimator, serve


@estimator("NAME")
def read(face: Face) -> Reading:
    # A place to begin: brightness, which is not valence.
    bright = sum(face.pixels) / (255 * len(face.pixels))
    return Reading(dimensions={"valence": 2 * bright - 1})


serve()
