/// What an estimator tells about itself.
package struct EstimatorDescription: Sendable {
    /// As requests name it, in kebab-case: "face-expression".
    package var id: String
    package var version: String
    /// One sentence.
    package var summary: String
    package var modality: Modality
    /// The EmoNet categories it can speak about.
    package var categories: [Category]
    package var dimensions: [Dimension]
    /// Canonical names of the attributes it can speak about.
    package var attributes: [String]
    /// The classes of the underlying model, in its own words and order.
    package var nativeLabels: [String]
    /// Ids of the models it needs, as in `Plugins/*/model.json`.
    package var models: [String]
    /// Where raters agree less about a category (`CategoryEstimate.raterReliability`, -1...1), the host abstains unless the caller wants
    /// another threshold; nil: it never does.
    package var minimumReliability: Float?
    /// Whether native scores of a speaker's neutral voice change what it says (`VoiceReadingOptions.neutral`).
    package var usesNeutral: Bool
    /// About how long a face, or a second of speech, takes on one core of an ordinary processor, in milliseconds, finding it aside. Nil: unknown.
    package var cost: Float?
    /// How much better than guessing it is on people that it has not seen or heard: (r - 1/k) / (1 - 1/k) for a mean recall r over k native labels, 0 for guesses, 1 if it is never
    /// wrong (Peirce's skill score, for any number of classes). On its author's word and data, as its model card has it. Nil: unknown.
    package var skill: Float?
    /// It sends what it sees or hears to other machines.
    package var isOnline: Bool

    package init(id: String, version: String, summary: String, modality: Modality, categories: [Category], dimensions: [Dimension] = [],
                 attributes: [String] = [], nativeLabels: [String], models: [String], minimumReliability: Float? = nil, usesNeutral: Bool = false,
                 cost: Float? = nil, skill: Float? = nil, isOnline: Bool = false) {
        self.id = id
        self.version = version
        self.summary = summary
        self.modality = modality
        self.categories = categories
        self.dimensions = dimensions
        self.attributes = attributes
        self.nativeLabels = nativeLabels
        self.models = models
        self.minimumReliability = minimumReliability
        self.usesNeutral = usesNeutral
        self.cost = cost
        self.skill = skill
        self.isOnline = isOnline
    }
}

package enum Modality: Sendable, Hashable {
    case face, voice, text
}

/// Backend code that turns media into estimates.
package protocol Estimator: Sendable {
    var description: EstimatorDescription { get }
}

/// An estimator whose code runs elsewhere and may be out of order for a while.
package protocol SupervisedEstimator: Estimator {
    /// Why it cannot answer at the moment; nil if it can.
    var obstacle: String? { get }
    /// Calls `body`, from anywhere, whenever `obstacle` has changed.
    func whenObstacleChanges(_ body: @escaping @Sendable () -> Void)
}

/// Lets a computation learn that nobody waits for it any more.
package struct EstimationContext: Sendable {
    private let cancelled: @Sendable () -> Bool
    /// When the caller stops waiting, for those who hand work on; `isCancelled` says so as well. Nil: never.
    package let deadline: ContinuousClock.Instant?

    package init(deadline: ContinuousClock.Instant? = nil, isCancelled: @escaping @Sendable () -> Bool = { false }) {
        self.deadline = deadline
        cancelled = isCancelled
    }

    package var isCancelled: Bool { cancelled() }
    package func checkCancellation() throws {
        if cancelled() { throw CancellationError() }
    }
}

/// Loads an estimator: what a plugin offers to whoever introduces it to the host.
package struct EstimatorFactory: Sendable {
    package var description: EstimatorDescription
    /// Reads the models and makes the estimator ready. May take seconds; runs off the reader's thread.
    package var load: @Sendable (_ models: any ModelFiles) throws -> any Estimator
    /// Threads of its own, for an estimator that waits for others: it shall not keep those of the host from working. Nil: it runs on the host's.
    package var ownThreads: Int?

    package init(description: EstimatorDescription, ownThreads: Int? = nil, load: @escaping @Sendable (_ models: any ModelFiles) throws -> any Estimator) {
        self.description = description
        self.ownThreads = ownThreads
        self.load = load
    }
}

/// Where the verified files of a model lie.
package protocol ModelFiles: Sendable {
    /// Path of one file of a model, as the model's catalogue entry names them.
    ///
    /// - Throws: `ModelUnavailable` if the model is not installed or fails verification.
    func path(model: String, file: String) throws -> String
}

package struct ModelUnavailable: Error, Sendable, CustomStringConvertible {
    package var model: String
    /// Says what to do: "model centerface is missing; run: mien models pull centerface".
    package var description: String
    package init(model: String, description: String) {
        self.model = model
        self.description = description
    }
}

/// What an estimator was set up with cannot be used: a file that is not what its manifest says, a network with other outputs. For whoever set it up to mend.
package struct EstimatorUnusable: Error, Sendable, CustomStringConvertible {
    /// Names the file and what is wrong with it.
    package var description: String
    package init(_ description: String) { self.description = description }
}

/// A network gave numbers that are not finite for everything it was shown, so that there is no estimate; another picture may fare better.
package struct ScoresNotFinite: Error, Sendable, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}
