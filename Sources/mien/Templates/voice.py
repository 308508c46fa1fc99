"""NAME: a plugin for Mien. Say here what it estimates, from what, and how far that can be trusted."""
from mien.plugin import Clip, Reading, estimator, serve


@estimator("NAME")
def read(clip: Clip) -> Reading:
    # A place to begin: loudness, which is not arousal.
    loud = min(1.0, 10 * clip.rms)
    return Reading(dimensions={"arousal": 2 * loud - 1})


serve()
