import MienEstimation
import MienMessages

/// Turns what an estimator says into what the caller wants to hear: only the categories that are wanted, ranked, and none on which human raters do not agree
/// enough. The only place where that happens, whatever an estimator does by itself.
struct Interpreter: Sendable {
    let madeBy: Proto.MadeBy
    let covered: [String]
    let warnings: [Proto.Warning]
    private let wanted: Set<Category>?
    private let minimumReliability: Float?

    /// - Parameter models: Each "id@version".
    init(_ estimator: EstimatorDescription, models: [String], _ options: AnswerOptions) {
        madeBy = Proto.MadeBy(estimator: estimator.id, version: estimator.version, models: models)
        covered = estimator.categories.map(\.name)
        warnings = options.warnings(estimator).map(Proto.Warning.init)
        wanted = options.categories.map(Set.init)
        minimumReliability = options.minimumReliability ?? estimator.minimumReliability
    }

    /// The strongest first; those on which it abstains last.
    func categories(_ estimates: [CategoryEstimate]) -> [Proto.CategoryEstimate] {
        told(estimates).enumerated().map { index, estimate in Proto.CategoryEstimate(estimate, rank: estimate.abstains ? 0 : UInt32(index + 1)) }
    }

    /// - Parameter reading: The one that differs.
    func baseline(_ baseline: BaselineDifference, of reading: VoiceReading) -> Proto.Baseline {
        let spoken = Set(told(reading.categories).filter { !$0.abstains }.map(\.category))
        let categories = baseline.categories.filter { spoken.contains($0.category) }
        return Proto.Baseline(utterances: UInt32(baseline.utterances),
                              differences: categories.map { Proto.Difference(name: $0.category.name, value: $0.value) }
                                  + baseline.dimensions.map { Proto.Difference(name: $0.dimension.rawValue, value: $0.value) })
    }

    private func told(_ estimates: [CategoryEstimate]) -> [CategoryEstimate] {
        estimates.filter { wanted?.contains($0.category) ?? true }.strongestFirst.abstaining(below: minimumReliability)
    }
}
