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
        models: [SpeechFinding.model, model], minimumReliability: VoiceHeads.minimumReliability, usesNeutral: true)

    /// As the heads' files are called.
    private static let nativeLabels = MienEstimation.Category.all.map { $0.name.replacing(/[ \/]/, with: "_") } + VoiceHeads.attributes.map(\.head)

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
        let wanted = network.heads.entries.map(\.name).filter { name in options.categories.map { $0.contains { $0 == Category(matching: name) } } ?? true }
        let scores = try network.scores(parts.flatMap(\.self), heads: wanted, context: context)
        let neutral = Dictionary(options.neutral.map { ($0.label, $0.score) }) { first, _ in first }
        var place = 0
        return parts.map { pieces in
            defer { place += pieces.count }
            let total = Float(pieces.reduce(0) { $0 + $1.count })
            let mean = wanted.indices.map { head in pieces.indices.reduce(0) { $0 + scores[place + $1][head] * Float(pieces[$1].count) / total } }
            return reading(Array(zip(wanted, mean)), neutral: neutral, length: Int(total))
        }
    }

    func combine(_ readings: [VoiceReading]) -> VoiceReading {
        guard readings.count > 1 else { return readings[0] }
        let total = Float(readings.reduce(0) { $0 + $1.length }), first = readings[0]
        let scores = first.nativeScores.indices.map { index in
            (name: first.nativeScores[index].label, score: readings.reduce(0) { $0 + $1.nativeScores[index].score * Float($1.length) / total })
        }
        // All were made with the same neutral scores, which the first still shows.
        var neutral: [String: Float] = [:]
        for score in first.nativeScores {
            let above = Category(matching: score.label).flatMap { category in first.categories.first { $0.category == category }?.aboveNeutral }
                ?? VoiceHeads.attributes.first { $0.head == score.label }.flatMap { attribute in first.attributes.first { $0.attribute == attribute.name }?.aboveNeutral }
            if let above { neutral[score.label] = score.score - above }
        }
        return reading(scores, neutral: neutral, length: Int(total))
    }

    private func reading(_ scores: [(name: String, score: Float)], neutral: [String: Float], length: Int) -> VoiceReading {
        let categories = scores.compactMap { head in
            Category(matching: head.name).map { Self.estimate($0, head.score, neutral: neutral[head.name]) }
        }
        var attributes: [AttributeEstimate] = [], dimensions: [DimensionEstimate] = []
        for attribute in VoiceHeads.attributes {
            guard let score = scores.first(where: { $0.name == attribute.head })?.score else { continue }
            attributes.append(AttributeEstimate(attribute: attribute.name, value: score, scale: attribute.scale, lowEnd: attribute.lowEnd, highEnd: attribute.highEnd,
                                                aboveNeutral: neutral[attribute.head].map { score - $0 }))
            if let dimension = attribute.dimension { dimensions.append(DimensionEstimate(dimension: dimension, value: attribute.scale.signed(score))) }
        }
        return VoiceReading(categories: categories.strongestFirst, dimensions: dimensions, attributes: attributes,
                            nativeScores: scores.map { NativeScore(label: $0.name, score: $0.score) }, predictionSet: nil, length: length, warnings: warnings)
    }

    /// Intensity is 0 at the bottom of the scale, or for a voice like the neutral one if that is known, and 1 at its end.
    static func estimate(_ category: MienEstimation.Category, _ score: Float, neutral: Float?) -> CategoryEstimate {
        CategoryEstimate(category: category, intensity: VoiceHeads.scale.intensity(score, from: neutral ?? 0), nativeScore: score, nativeScale: VoiceHeads.scale,
                         aboveNeutral: neutral.map { score - $0 }, raterReliability: VoiceHeads.reliability[category])
    }
}
