import CVoiceEmotionWeights
import InferenceCore
package import MienEstimation
import MienMedia
import MienNetworks
import SpeechFinding

/// Seven emotions, arousal and valence of a voice, whatever it says: the lower layers of Whisper tiny.en, tuned, with a head of our own. The
/// weights are part of this plugin; only the voice activity detector is pulled.
///
/// MODEL_CARD.md says what the answers are worth.
package let voiceEmotionFactory = EstimatorFactory(description: VoiceEmotion.description) { models in
    try VoiceEmotion(network: VoiceNetwork(VoiceWeights(VoiceEmotion.embeddedWeights()), on: Processor(precision: Processor.fastestPrecision)),
                     detector: SpeechFinding.detector(models))
}

struct VoiceEmotion: VoiceEstimator {
    let detector: any SpeechDetector
    let network: VoiceNetwork
    private let logMel: LogMel

    static let description = EstimatorDescription(
        id: "voice-emotion", version: "2",
        summary: "Emotions in speech: anger, disgust, fear, happiness, sadness, surprise, or none; arousal and valence.",
        modality: .voice, categories: coverage.map(\.category), dimensions: [.valence, .arousal],
        nativeLabels: ["anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"], models: [SpeechFinding.model],
        cost: 5, skill: 0.59)

    /// What the classes mean in EmoNet's taxonomy. "Neutral" is the absence of all categories and has none.
    static let coverage: [(category: MienEstimation.Category, label: String)] = [
        (.anger, "anger"), (.disgust, "disgust"), (.fear, "fear"), (.elation, "happiness"), (.sadness, "sadness"), (.astonishment, "surprise"),
    ]
    static let scale = NativeScale(minimum: 0, maximum: 1, meaning: "calibrated probability")

    var description: EstimatorDescription { Self.description }

    /// - Throws: `ModelFileError` if the network has other classes than this estimator describes.
    init(network: VoiceNetwork, detector: any SpeechDetector) throws(ModelFileError) {
        guard network.configuration.labels == Self.description.nativeLabels else {
            throw ModelFileError(.mismatch, "the weights are for \(network.configuration.labels), not for \(Self.description.nativeLabels)")
        }
        self.network = network
        self.detector = detector
        logMel = LogMel(mels: network.configuration.mels)
    }

    /// The weights that come with this plugin.
    static func embeddedWeights() throws(ModelFileError) -> Safetensors {
        try Safetensors(MappedFile(static: weightBytes), path: "voice.safetensors")
    }

    /// Part of the binary.
    static var weightBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: mien_voice_emotion_weights(), count: mien_voice_emotion_weights_count()) }

    func read(_ clips: [[Float]], options: VoiceReadingOptions, context: EstimationContext) throws -> [VoiceReading] {
        try clips.map { clip in
            try context.checkCancellation()
            return combine(pieces(clip).map { read($0) })
        }
    }

    /// A clip as pieces of equal length that the network can read.
    private func pieces(_ clip: [Float]) -> [ArraySlice<Float>] {
        let longest = Int(network.configuration.longest * Float(AudioSource.sampleRate))
        let count = max(1, (clip.count + longest - 1) / longest)
        return (0..<count).map { clip[clip.count * $0 / count..<clip.count * ($0 + 1) / count] }
    }

    private func read(_ samples: ArraySlice<Float>) -> VoiceReading {
        let outputs = network.run(levelled(spectrum(samples))), configuration = network.configuration
        func place(_ name: String) -> Float { configuration.outputs.firstIndex(of: name).map { min(max(outputs[$0], -1), 1) } ?? 0 }
        return reading(softmax(Array(outputs.prefix(configuration.labels.count)), temperature: configuration.temperature),
                       valence: place("valence"), arousal: place("arousal"), length: samples.count)
    }

    /// `[frames, mels]`
    func spectrum(_ samples: ArraySlice<Float>) -> [Float] {
        // Less than half a second is filled up with silence: there has to be something to pool over.
        let frames = max(samples.count / LogMel.hop, Self.leastFrames)
        guard let features = try? logMel.features(of: Array(samples), window: frames) else { preconditionFailure("samples are finite") }
        return features.values
    }

    private static let leastFrames = 50

    /// Moves the loudest cell to the same place for every recording, so that the distance to the microphone does not matter.
    func levelled(_ mel: [Float]) -> [Float] {
        let shift = network.configuration.level - (mel.max() ?? 0)
        return mel.map { $0 + shift }
    }

    func combine(_ readings: [VoiceReading], options: VoiceReadingOptions) -> VoiceReading { combine(readings) }

    private func combine(_ readings: [VoiceReading]) -> VoiceReading {
        guard readings.count > 1 else { return readings[0] }
        let total = Float(readings.reduce(0) { $0 + $1.length })
        func mean(_ value: (VoiceReading) -> Float) -> Float { readings.reduce(0) { $0 + value($1) * Float($1.length) / total } }
        func dimension(_ dimension: Dimension) -> Float { mean { reading in reading.dimensions.first { $0.dimension == dimension }?.value ?? 0 } }
        return reading(network.configuration.labels.indices.map { label in mean { $0.nativeScores[label].score } },
                       valence: dimension(.valence), arousal: dimension(.arousal), length: readings.reduce(0) { $0 + $1.length })
    }

    private func reading(_ probabilities: [Float], valence: Float, arousal: Float, length: Int) -> VoiceReading {
        let labels = network.configuration.labels
        let scores = zip(labels, probabilities).map { NativeScore(label: $0, score: $1) }
        let categories = Self.coverage.compactMap { covered in
            labels.firstIndex(of: covered.label).map { label in
                CategoryEstimate(category: covered.category, intensity: probabilities[label], nativeScore: probabilities[label], nativeScale: Self.scale,
                                 calibratedProbability: probabilities[label])
            }
        }
        let ranked = scores.sorted { $0.score > $1.score }
        // The set is never empty: where nothing is probable enough, the best guess stands alone.
        let set = ranked.prefix(max(1, ranked.count { $0.score >= network.configuration.threshold }))
        return VoiceReading(categories: categories.sorted { $0.intensity > $1.intensity },
                            dimensions: [DimensionEstimate(dimension: .valence, value: valence), DimensionEstimate(dimension: .arousal, value: arousal)],
                            nativeScores: scores, predictionSet: PredictionSet(labels: set.map(\.label), coverage: Configuration.coverage), length: length)
    }
}
