// NAME: a plugin for Mien. Say here what it estimates, from what, and how far that can be trusted.
//
//     swift build -c release && install .build/release/LIBRARY .

let plugin = Plugin(id: "NAME", version: "0.1", estimators: [Brightness.self])

/// A place to begin: brightness, which is not valence.
struct Brightness: FaceEstimator {
    static let id = "NAME"

    init(host: Host) throws {}

    func read(_ face: Face, of question: Question) throws -> Reading {
        let total = face.pixels.reduce(0) { $0 + Int($1) }
        let bright = Float(total) / Float(255 * face.pixels.count)
        return Reading(dimensions: ["valence": 2 * bright - 1])
    }
}
