package import MienEstimation
import MienMedia
package import MienMessages
import MienWire

/// Asks an estimator of a plugin about made-up input, as a host would, and checks what it says: for those who write plugins.
package struct PluginTrial: Sendable {
    /// Until it was ready for the first question.
    package var warm: Duration
    /// Of the first question with one face or clip.
    package var first: Duration
    /// Median of those that followed.
    package var median: Duration
    /// The largest batch that was asked about.
    package var batch: Int

    /// Questions with one face or clip.
    private static let questions = 21
    /// Of the made-up clip.
    private static let seconds = 2

    /// - Parameters:
    ///   - estimator: As the manifest has it.
    ///   - context: Of the whole trial.
    /// - Throws: `CallError` with what is wrong; what the endpoint throws.
    package init(_ estimator: Proto.PluginEstimator, _ endpoint: any PluginEndpoint, _ context: EstimationContext = EstimationContext()) throws {
        let reader = PluginReader(estimator)
        func ask(_ count: Int, seed: Int = 0, categories: [String] = []) throws -> [PluginReader.Reading] {
            let inputs = (0..<count).map { Self.input(estimator, seed: seed + $0) }
            let answer: Proto.PluginReadings
            if case .face? = estimator.input {
                answer = try endpoint.estimateFaces(Proto.PluginFacesRequest(estimator: estimator.id, faces: inputs, categories: categories), context)
            } else {
                answer = try endpoint.estimateVoices(Proto.PluginVoicesRequest(estimator: estimator.id, clips: inputs, categories: categories), context)
            }
            return try reader.read(answer, count: count)
        }
        func time(_ body: () throws -> Void) rethrows -> Duration {
            let start = ContinuousClock.now
            try body()
            return ContinuousClock.now - start
        }
        warm = try time { try endpoint.warm(Proto.WarmPluginRequest(estimator: estimator.id), context) }
        first = try time { _ = try ask(1) }
        let times = try (1..<Self.questions).map { seed in try time { _ = try ask(1, seed: seed) } }.sorted()
        median = times[times.count / 2]
        batch = max(Int(estimator.batch), 1)
        let alone = try ask(1, seed: 7)[0], together = try ask(batch, seed: 7)
        guard Self.agree(alone, together[0]) else {
            throw CallError(.internalError, "estimator \(estimator.id) says something else of the same input when it comes with \(batch - 1) others", reason: "PLUGIN_BATCH_DIFFERS")
        }
        if let some = estimator.categories.first { _ = try ask(1, categories: [some]) }
    }

    /// Answers of one estimator about one input, up to the rounding of another order of sums.
    private static func agree(_ one: PluginReader.Reading, _ other: PluginReader.Reading) -> Bool {
        guard one.categories.count == other.categories.count, one.nativeScores.count == other.nativeScores.count else { return false }
        return one.categories.allSatisfy { mine in other.categories.contains { $0.category == mine.category && abs($0.intensity - mine.intensity) < 1e-3 } }
    }

    /// A face-sized picture or a clip that sounds somewhat like a voice: the same for the same seed.
    private static func input(_ estimator: Proto.PluginEstimator, seed: Int) -> [UInt8] {
        if case .face(let input)? = estimator.input {
            let width = Int(input.width), height = Int(input.height), channels = input.format == .gray8 ? 1 : 3
            return (0..<width * height * channels).map { index in
                let x = index / channels % width, y = index / channels / width
                return UInt8(truncatingIfNeeded: (x * 255 / width + y * 255 / height) / 2 + (index * 37 + seed * 101) % 32)
            }
        }
        let period = 80 + seed % 60
        return (0..<seconds * AudioSource.sampleRate).flatMap { index in
            // A saw tooth, louder and softer twice a second.
            let sample = (Float(index % period) / Float(period) - 0.5) * (0.2 + 0.2 * Float(index % 8000) / 8000)
            return (0..<4).map { UInt8(truncatingIfNeeded: sample.bitPattern >> (8 * $0)) }
        }
    }
}
