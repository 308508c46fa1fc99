import MienEstimation
import MienMessages
import MienWire

/// What a request says about its answer, checked as far as that goes without knowing the estimator.
struct AnswerOptions: Sendable {
    /// The only categories wanted, none twice; nil: all that the estimator covers.
    let categories: [Category]?
    /// nil: the estimator's own.
    let minimumReliability: Float?
    private(set) var neutral: [NativeScore]
    private var leavesOutNeutral = false
    /// Name of the message that they stand in, for errors.
    private let message: String

    /// - Parameter message: "options".
    /// - Throws: `CallError` `invalidArgument`, with the field that is to blame.
    init(categories spellings: [String], minimumReliability: Float?, neutral scores: [Proto.NativeScore] = [], in message: String) throws(CallError) {
        self.message = message
        self.minimumReliability = try RequestField.number(minimumReliability, message + ".minimum_reliability", in: -1...1, unit: "")
        var known: [Category] = []
        for spelling in spellings {
            guard let category = Category(matching: spelling) else {
                let hint = Category.explaining(spelling).map(\.name)
                throw RequestField.invalid(message + ".categories", "CATEGORY_UNKNOWN",
                                           "\(message).categories has \(quoted(spelling)), which is none of EmoNet's 40 categories"
                                               + (hint.isEmpty ? "" : "; it is a word for \(hint.joined(separator: " and for "))"))
            }
            if !known.contains(category) { known.append(category) }
        }
        categories = spellings.isEmpty ? nil : known
        var labels: Set<String> = []
        for score in scores {
            guard labels.insert(score.label).inserted else {
                throw RequestField.invalid(message + ".neutral", "NEUTRAL_LABEL_TWICE", "\(message).neutral has two scores for \(quoted(score.label))")
            }
            guard score.score.isFinite else {
                throw RequestField.invalid(message + ".neutral", "FIELD_OUT_OF_RANGE",
                                           "\(message).neutral has the score \(score.score) for \(quoted(score.label)); it must be a finite number")
            }
        }
        neutral = scores.map { NativeScore(label: $0.label, score: $0.score) }
    }

    /// Checks what only the estimator can tell.
    ///
    /// - Throws: `CallError` `invalidArgument`.
    func check(_ estimator: EstimatorDescription) throws(CallError) {
        if let missing = categories?.first(where: { !estimator.categories.contains($0) }) {
            let covered = estimator.categories.map(\.name)
            throw CallError(.invalidArgument, "\(message).categories has \(missing.name), which estimator \(estimator.id) does not cover; it covers "
                            + (covered.isEmpty ? "none" : covered.joined(separator: ", ")),
                            reason: "CATEGORY_NOT_COVERED", field: message + ".categories", facts: covered.map { MetadataEntry("covered", $0) })
        }
        guard neutral.isEmpty || !estimator.nativeLabels.isEmpty else {
            throw RequestField.invalid(message + ".neutral", "NEUTRAL_LABEL_UNKNOWN", "\(message).neutral has scores, and \(estimator.id) has no native labels")
        }
        let labels = Set(estimator.nativeLabels)
        if let unknown = neutral.first(where: { !labels.contains($0.label) }) {
            throw RequestField.invalid(message + ".neutral", "NEUTRAL_LABEL_UNKNOWN",
                                       "\(message).neutral has a score for \(quoted(unknown.label)), which is no native label of estimator \(estimator.id); "
                                       + "its native labels are \(estimator.nativeLabels.joined(separator: ", "))")
        }
    }

    /// The same for an estimator that the scores of a neutral voice do not come from.
    var withoutNeutral: Self {
        var options = self
        options.leavesOutNeutral = !neutral.isEmpty
        options.neutral = []
        return options
    }

    /// About the whole answer.
    func warnings(_ estimator: EstimatorDescription) -> [EstimateWarning] {
        guard leavesOutNeutral || !neutral.isEmpty && !estimator.usesNeutral else { return [] }
        return [EstimateWarning(reason: "NEUTRAL_UNUSED", message: "estimator \(estimator.id) has no use for the scores of a neutral voice")]
    }
}
