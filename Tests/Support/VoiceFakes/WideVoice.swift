package import MienEstimation

/// A voice estimator of EmoNet's whole width that can be computed by hand: category n has the native score loudness * n / 10, of 4, and raters agree
/// about it to (n - 20) / 40, so that it abstains on the first 19. It computes only what is wanted.
package struct WideVoice: VoiceEstimator {
    package static let scale = NativeScale(minimum: 0, maximum: 4, meaning: "test of 40")
    package static let warmth = "Warm vs. Cold"

    package let description = EstimatorDescription(
        id: "wide-voice", version: "1", summary: "For tests.", modality: .voice, categories: Category.all, dimensions: [.valence], attributes: [warmth],
        nativeLabels: Category.all.map(\.name) + [warmth], models: [], minimumReliability: 0, usesNeutral: true)

    package init() {}

    package var factory: EstimatorFactory { EstimatorFactory(description: description) { _ in self } }
    package var detector: any SpeechDetector { FakeVoice().detector }

    package func read(_ clips: [[Float]], options: VoiceReadingOptions, context: EstimationContext) throws -> [VoiceReading] {
        let neutral = Dictionary(uniqueKeysWithValues: options.neutral.map { ($0.label, $0.score) })
        return clips.map { clip in
            Self.reading(loudness: clip.reduce(0) { max($0, abs($1)) }, of: options.categories ?? Category.all, neutral: neutral, length: clip.count)
        }
    }

    package func combine(_ readings: [VoiceReading], options: VoiceReadingOptions) -> VoiceReading {
        let length = readings.reduce(0) { $0 + $1.length }
        var joined = readings[0]
        joined.length = length
        func mean(_ value: (VoiceReading) -> Float) -> Float { readings.reduce(0) { $0 + value($1) * Float($1.length) } / Float(length) }
        for index in joined.categories.indices {
            joined.categories[index].intensity = mean { $0.categories[index].intensity }
            joined.categories[index].nativeScore = mean { $0.categories[index].nativeScore }
            joined.categories[index].aboveNeutral = joined.categories[index].aboveNeutral.map { _ in mean { $0.categories[index].aboveNeutral ?? 0 } }
        }
        for index in joined.nativeScores.indices { joined.nativeScores[index].score = mean { $0.nativeScores[index].score } }
        joined.attributes[0].value = mean { $0.attributes[0].value }
        joined.dimensions[0].value = mean { $0.dimensions[0].value }
        return joined
    }

    package static func reading(
        loudness: Float, of categories: [Category] = Category.all, neutral: [String: Float] = [:], length: Int = 16_000
    ) -> VoiceReading {
        let estimates = categories.map { category in
            let score = loudness * Float(category.number) / 10
            return CategoryEstimate(category: category, intensity: score / 4, nativeScore: score, nativeScale: scale,
                                    aboveNeutral: neutral[category.name].map { score - $0 }, raterReliability: Float(category.number - 20) / 40)
        }
        let warm = 4 * loudness - 2
        return VoiceReading(
            categories: estimates, dimensions: [DimensionEstimate(dimension: .valence, value: loudness)],
            attributes: [AttributeEstimate(attribute: warmth, value: warm, scale: NativeScale(minimum: -2, maximum: 2, meaning: "test"),
                                           lowEnd: "cold", highEnd: "warm", aboveNeutral: neutral[warmth].map { warm - $0 })],
            nativeScores: estimates.map { NativeScore(label: $0.category.name, score: $0.nativeScore) } + [NativeScore(label: warmth, score: warm)],
            predictionSet: nil, length: length)
    }
}
