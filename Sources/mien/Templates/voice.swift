// NAME: a plugin for Mien. Say here what it estimates, from what, and how far that can be trusted.
//
//     swift build -c release && install .build/release/LIBRARY .

let plugin = Plugin(id: "NAME", version: "0.1", estimators: [Loudness.self])

/// A place to begin: loudness, which is not arousal.
struct Loudness: VoiceEstimator {
    static let id = "NAME"

    init(host: Host) throws {}

    func read(_ clip: Clip, of question: Question) throws -> Reading {
        let power = clip.samples.reduce(0) { $0 + $1 * $1 } / Float(clip.samples.count)
        let loud = min(10 * power.squareRoot(), 1)
        return Reading(dimensions: ["arousal": 2 * loud - 1])
    }
}
