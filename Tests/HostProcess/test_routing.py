"""Who answers, through the real command: policies, fallbacks, ensembles and shadows, with plugins that work and plugins that die."""
import json
import math

import pytest

from trial_plugin import PORTRAIT, SPEECH, VOICE, VoiceRequest, host, mien, plugin
from wire_client import CallFailed, M

Routing, Member = M["mien.v1.Routing"], M["mien.v1.EnsembleMember"]


def route(host, estimator="", granularity=1, **routing):
    request = VoiceRequest(path=str(SPEECH), estimator=estimator, options=dict(granularity=granularity), routing=Routing(**routing))
    return host.unary(VOICE, request, "mien.v1.EstimateVoiceResponse")


def test_a_plugin_that_dies_is_replaced_by_the_next_estimator(tmp_path):
    with host(plugin(tmp_path / "p", "    os.kill(os.getpid(), signal.SIGKILL)")) as client:
        alone = route(client, "voice-emotion")
        answer = route(client, "trial", fallbacks=["voice-emotion"])
        assert answer.estimates == alone.estimates
        assert [warning.reason for warning in answer.warnings] == ["FELL_BACK"] and "trial could not answer" in answer.warnings[0].message
        with pytest.raises(CallFailed) as failure:
            route(client, "trial")
        assert failure.value.info.reason == "PLUGIN_FAILED"


def test_a_plugin_and_the_bundled_estimator_together(tmp_path):
    """By hand, from what each says alone."""
    with host(plugin(tmp_path / "p")) as client:
        one, other = (route(client, name).estimates[0] for name in ("voice-emotion", "trial"))
        both = route(client, ensemble=[Member(estimator="voice-emotion", weight=3), Member(estimator="trial")]).estimates[0]
        said, theirs = {c.name: c.intensity for c in one.categories}, {c.name: c.intensity for c in other.categories}
        assert theirs == {"Anger": 0.5} and both.made_by.estimator == "ensemble" and [m.made_by for m in both.members] == [one.made_by, other.made_by]
        for category in both.categories:
            if category.name == "Anger":
                mean = (3 * said["Anger"] + 0.5) / 4
                assert category.intensity == pytest.approx(mean, abs=1e-6)
                assert category.disagreement == pytest.approx(math.sqrt((3 * (said["Anger"] - mean) ** 2 + (0.5 - mean) ** 2) / 4), abs=1e-6)
            else:
                assert category.intensity == said[category.name] and not category.HasField("disagreement")
        assert {d.name: d.value for d in both.dimensions} == {d.name: d.value for d in one.dimensions}


def test_a_shadow_that_dies_changes_nothing(tmp_path):
    with host(plugin(tmp_path / "p", "    os._exit(3)")) as client:
        alone, beside = (route(client, "voice-emotion", **routing) for routing in ({}, dict(shadows=["trial"])))
        for estimate in beside.estimates:
            assert estimate.shadows[0].failure.reason == "PLUGIN_FAILED"
            del estimate.shadows[:]
        assert beside == alone


def test_the_manifest_says_what_a_plugin_is_worth(tmp_path):
    estimator = dict(id="trial", categories=["Anger"], voice={}, cost_ms=1, skill=0.95, online=True)
    with host(plugin(tmp_path / "p", estimators=[estimator])) as client:
        for policy, expected in (("POLICY_FAST", "trial"), ("POLICY_ACCURATE", "trial"), ("POLICY_OFFLINE", "voice-emotion"), ("POLICY_UNSPECIFIED", "voice-emotion")):
            assert route(client, policy=policy).estimates[0].made_by.estimator == expected


def test_the_command_line_shows_it(tmp_path):
    folder = plugin(tmp_path / "p")
    shown = mien("voice", "--plugin", folder, "--ensemble", "voice-emotion=2,trial", SPEECH, COLUMNS="120").stdout
    assert "MEAN INTENSITY" in shown and "voice-emotion" in shown and "trial" in shown
    shown = mien("voice", "--plugin", folder, "--shadow", "trial", SPEECH).stdout
    assert "beside it trial: Anger" in shown
    done = mien("face", "--estimator", "empathic-face", "--fallback", "face-expression", PORTRAIT, PORTRAIT)
    assert done.stderr.count("empathic-face could not answer") == 1 and "Elation" in done.stdout and "fell back" in done.stdout
    line = json.loads(mien("voice", "--plugin", folder, "--json", "--granularity", "clip", "--policy", "accurate", "--shadow", "trial", SPEECH).stdout)
    assert line["estimates"][0]["shadows"][0]["madeBy"]["estimator"] == "trial"
    assert 'no estimator "nobody"' in mien("voice", "--fallback", "nobody", SPEECH, code=64).stderr


@pytest.mark.parametrize("arguments, words", [
    (["--ensemble", "voice-emotion"], "needs two"), (["--ensemble", "a=0,b"], "above 0"), (["--ensemble", "a=x,b"], "above 0"), (["--ensemble", "a,b", "--estimator", "c"], "both given"),
    (["--policy", "fast", "--estimator", "c"], "nothing to choose"), (["--policy", "cheap"], "cheap"), (["--ensemble", "a,b", "--neutral", str(SPEECH)], "several"),
])
def test_options_that_contradict_each_other_are_refused(arguments, words):
    assert words in mien("voice", *arguments, SPEECH, code=64).stderr
