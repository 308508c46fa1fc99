package import MienEstimation

/// A voice estimator that can be computed by hand: speech is what is louder than 0.05, and anger is how loud it gets.
package struct FakeVoice: VoiceEstimator {
    package var description: EstimatorDescription
    /// Called before each reading, with the lengths of the clips.
    private let onRead: @Sendable ([Int], EstimationContext) throws -> Void

    package init(_ id: String = "fake-voice", models: [String] = [], onRead: @escaping @Sendable ([Int], EstimationContext) throws -> Void = { _, _ in }) {
        description = EstimatorDescription(id: id, version: "5", summary: "For tests.", modality: .voice, categories: [.anger], dimensions: [.arousal],
                                           nativeLabels: ["angry", "neutral"], models: models)
        self.onRead = onRead
    }

    package var factory: EstimatorFactory { EstimatorFactory(description: description) { _ in self } }
    package var detector: any SpeechDetector { LoudnessDetector() }

    package func read(_ clips: [[Float]], options: VoiceReadingOptions, context: EstimationContext) throws -> [VoiceReading] {
        try context.checkCancellation()
        try onRead(clips.map(\.count), context)
        return clips.map { clip in Self.reading(clip.reduce(0) { max($0, abs($1)) }, length: clip.count) }
    }

    package func combine(_ readings: [VoiceReading], options: VoiceReadingOptions) -> VoiceReading {
        let length = readings.reduce(0) { $0 + $1.length }
        return Self.reading(readings.reduce(0) { $0 + $1.categories[0].intensity * Float($1.length) } / Float(length), length: length)
    }

    package static func reading(_ anger: Float, length: Int) -> VoiceReading {
        VoiceReading(
            categories: [CategoryEstimate(category: .anger, intensity: anger, nativeScore: anger, nativeScale: NativeScale(minimum: 0, maximum: 1, meaning: "test"),
                                          calibratedProbability: anger)],
            dimensions: [DimensionEstimate(dimension: .arousal, value: 2 * anger - 1)],
            nativeScores: [NativeScore(label: "angry", score: anger), NativeScore(label: "neutral", score: 1 - anger)],
            predictionSet: PredictionSet(labels: [anger > 0.5 ? "angry" : "neutral"], coverage: 0.9), length: length)
    }

    /// Samples at 16 kHz: each part so many seconds of a square wave of that amplitude; 0 is silence.
    package static func sound(_ parts: [(seconds: Double, amplitude: Float)]) -> [Float] {
        parts.flatMap { part in
            (0..<Int(part.seconds * 16_000)).map { $0 / 20 % 2 == 0 ? part.amplitude : -part.amplitude }
        }
    }

    private struct LoudnessDetector: SpeechDetector {
        var windowLength: Int { 512 }
        func listen() -> any SpeechListener { Listener() }

        struct Listener: SpeechListener {
            var held: [Float] = []

            mutating func push(_ samples: [Float]) -> [Float] {
                held += samples
                var probabilities: [Float] = []
                while held.count >= 512 {
                    probabilities.append(Self.probability(held.prefix(512)))
                    held.removeFirst(512)
                }
                return probabilities
            }

            mutating func finish() -> [Float] {
                defer { held = [] }
                return held.isEmpty ? [] : [Self.probability(held[...])]
            }

            private static func probability(_ samples: some Sequence<Float>) -> Float { samples.contains { abs($0) > 0.05 } ? 0.9 : 0.1 }
        }
    }
}
