from mien.plugin import Clip, Reading, estimator, serve


@estimator("loud-voices")
def read(clip: Clip) -> Reading:
    loud = min(1.0, 10 * clip.rms)
    return Reading(categories={"Anger": loud}, dimensions={"arousal": 2 * loud - 1})


serve()
