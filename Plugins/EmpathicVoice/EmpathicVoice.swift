import InferenceCore
package import MienEstimation
import MienMedia
import MienNetworks
import SpeechFinding

/// EmoNet's 40 categories in voices: a Whisper encoder reads half a minute, and a head for each category scores its states (Empathic Insight Voice,
/// LAION).
///
/// The weights are pulled and packed on this machine: `mien models pack empathic-voice`. MODEL_CARD.md says what the answers are worth.
package let empathicVoiceFactory = EstimatorFactory(description: EmpathicVoice.description) { models in
    try EmpathicVoice(PackedFile(path: models.path(model: EmpathicVoice.model, file: "model.mien"), contents: EmpathicVoice.model),
                      detector: SpeechFinding.detector(models))
}

struct EmpathicVoice: VoiceEstimator {
    /// Of the packed model, and of the estimator.
    static let model = "empathic-voice"

    static let description = EstimatorDescription(
        id: model, version: "1", summary: "EmoNet's 40 emotion categories in voices, with valence, arousal, dominance and a dozen attributes.", modality: .voice,
        categories: MienEstimation.Category.all, dimensions: [.valence, .arousal, .dominance], attributes: VoiceHeads.attributes.map(\.name), nativeLabels: nativeLabels,
        models: [SpeechFinding.model, model], minimumReliability: VoiceHeads.minimumReliability, usesNeutral: true, cost: 60)

    /// As the heads' files are called.
    private static let nativeLabels = MienEstimation.Category.all.map(\.headLabel) + VoiceHeads.attributes.map(\.label)

    let detector: any SpeechDetector
    private let network: VoiceEncoding
    private let warnings: [EstimateWarning]

    var description: EstimatorDescription { Self.description }

    /// - Throws: `ModelFileError` if the file does not hold such a model, or was packed for other kernels.
    init(_ file: PackedFile, detector: any SpeechDetector) throws {
        network = try VoiceEncoding(file, on: file.processor())
        warnings = file.isRandom ? [.randomWeights] : []
        self.detector = detector
    }

    func read(_ clips: [[Float]], options: VoiceReadingOptions, context: EstimationContext) throws -> [VoiceReading] {
        // Longer clips in parts of equal length; the parts of all clips together, so that heads are read from memory once for several.
        let parts = clips.map { clip in
            let count = max(1, (clip.count + network.longest - 1) / network.longest)
            return (0..<count).map { clip[clip.count * $0 / count..<clip.count * ($0 + 1) / count] }
        }
        let wanted = network.heads.entries.map(\.name).needed(for: options.categories)
        let scores = try network.scores(parts.flatMap(\.self), heads: wanted, context: context)
        var place = 0
        return parts.map { pieces in
            defer { place += pieces.count }
            return reading(wanted, pieces.indices.map { (scores[place + $0], pieces[$0].count) }, options)
        }
    }

    func combine(_ readings: [VoiceReading], options: VoiceReadingOptions) -> VoiceReading {
        reading(readings[0].nativeScores.map(\.label), readings.map { ($0.nativeScores.map(\.score), $0.length) }, options)
    }

    /// One reading of parts that each weigh as much as they last.
    private func reading(_ labels: [String], _ parts: [(scores: [Float], length: Int)], _ options: VoiceReadingOptions) -> VoiceReading {
        let length = parts.reduce(0) { $0 + $1.length }
        let scores = labels.indices.map { head in
            NativeScore(label: labels[head], score: parts.reduce(0) { $0 + $1.scores[head] * Float($1.length) / Float(length) })
        }
        let neutral = Dictionary(options.neutral.map { ($0.label, $0.score) }) { first, _ in first }
        let categories = scores.compactMap { head in Category(matching: head.label).map { Self.estimate($0, head.score, neutral: neutral[head.label]) } }
        let (attributes, dimensions) = VoiceHeads.attributes.estimates(of: scores, neutral: neutral)
        return VoiceReading(categories: categories.strongestFirst, dimensions: dimensions, attributes: attributes, nativeScores: scores, predictionSet: nil,
                            length: length, warnings: warnings)
    }

    /// Intensity is 0 at the bottom of the scale, or for a voice like the neutral one if that is known, and 1 at its end.
    static func estimate(_ category: MienEstimation.Category, _ score: Float, neutral: Float?) -> CategoryEstimate {
        CategoryEstimate(category: category, intensity: VoiceHeads.scale.intensity(score, from: neutral ?? 0), nativeScore: score, nativeScale: VoiceHeads.scale,
                         aboveNeutral: neutral.map { score - $0 }, raterReliability: VoiceHeads.reliability[category])
    }
}
