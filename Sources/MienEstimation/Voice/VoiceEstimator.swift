/// An estimator that reads voices in recordings. Loaded and ready: whatever can fail at loading has failed before.
package protocol VoiceEstimator: Estimator {
    /// Finds the speech that it can read.
    var detector: any SpeechDetector { get }

    /// Reads clips of speech, each by itself. Runs on a compute thread, so it may take its time, but asks `context` now and then whether
    /// anyone still waits.
    ///
    /// - Parameters:
    ///   - clips: `[samples]` each: mono at 16 kHz, full scale -1...1, finite, at least one sample, of any length.
    ///   - options: The same for all clips of a recording or stream.
    /// - Returns: One reading per clip, the same whatever the other clips are.
    /// - Throws: `CancellationError` once `context.isCancelled`; anything else is a defect of the estimator.
    func read(_ clips: [[Float]], options: VoiceReadingOptions, context: EstimationContext) throws -> [VoiceReading]

    /// One reading of several clips of the same recording, each weighing as much as it lasts.
    ///
    /// - Parameters:
    ///   - readings: At least one.
    ///   - options: Those that all were made with.
    func combine(_ readings: [VoiceReading], options: VoiceReadingOptions) -> VoiceReading
}

package struct VoiceReadingOptions: Sendable {
    /// The only categories that anyone asks for: an estimator may leave out the rest, and need not. `nil`: all.
    package var categories: [Category]?
    /// Native scores of the same speaker's neutral voice, each finite, of one of the estimator's native labels and of none twice. Not all
    /// labels need be there. Empty: nothing is known about the speaker.
    package var neutral: [NativeScore]

    package init(categories: [Category]? = nil, neutral: [NativeScore] = []) {
        self.categories = categories
        self.neutral = neutral
    }
}

/// Tells speech from other sound.
package protocol SpeechDetector: Sendable {
    /// Samples that one probability is about.
    var windowLength: Int { get }
    /// Begins to listen to a sound.
    func listen() -> any SpeechListener
}

/// Listens to one sound, in pieces of any length.
package protocol SpeechListener: Sendable {
    /// Takes the next samples (as `VoiceEstimator.read` does) and gives the probability of speech for each window that they complete.
    mutating func push(_ samples: [Float]) throws -> [Float]
    /// Ends the sound: the probability for a window that has begun, if one has.
    mutating func finish() -> [Float]
}

/// What an estimator hears in one clip.
package struct VoiceReading: Reading {
    /// One per category that is covered, or wanted; strongest first.
    package var categories: [CategoryEstimate]
    package var dimensions: [DimensionEstimate]
    package var attributes: [AttributeEstimate]
    /// The model's own classes, in the model's order.
    package var nativeScores: [NativeScore]
    package var predictionSet: PredictionSet?
    /// Samples at 16 kHz that it rests on.
    package var length: Int
    /// About the estimator's part in it; those about the sound are added later.
    package var warnings: [EstimateWarning]
    /// Of several estimators together: what each said.
    package var members: [MemberReading<VoiceReading>] = []
    /// What others say beside it.
    package var shadows: [ShadowReading<VoiceReading>] = []

    package init(categories: [CategoryEstimate], dimensions: [DimensionEstimate], attributes: [AttributeEstimate] = [], nativeScores: [NativeScore],
                 predictionSet: PredictionSet?, length: Int, warnings: [EstimateWarning] = []) {
        self.categories = categories
        self.dimensions = dimensions
        self.attributes = attributes
        self.nativeScores = nativeScores
        self.predictionSet = predictionSet
        self.length = length
        self.warnings = warnings
    }
}

/// Labels among which, over people like those it was fitted on, the right one is as often as `coverage` says.
package struct PredictionSet: Sendable, Hashable {
    /// Native labels, the most probable first.
    package var labels: [String]
    /// 0...1.
    package var coverage: Float

    package init(labels: [String], coverage: Float) {
        self.labels = labels
        self.coverage = coverage
    }
}

/// Into which parts a recording is cut.
package enum Granularity: Sendable, Hashable {
    /// All speech together.
    case clip
    case utterance
    /// Windows of so many samples at 16 kHz, `hop` from one to the next.
    case window(length: Int, hop: Int)
}
