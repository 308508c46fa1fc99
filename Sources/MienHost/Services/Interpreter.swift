import MienEstimation
import MienMessages
import MienWire

/// Turns what an estimator says into what the caller wants to hear: only the categories that are wanted, ranked, and none on which human raters do not agree
/// enough. The only place where that happens, whatever an estimator does by itself.
struct Interpreter: Sendable {
    let madeBy: Proto.MadeBy
    let covered: [String]
    let warnings: [Proto.Warning]
    private let wanted: Set<Category>?
    private let minimumReliability: Float?
    /// Of the estimators that make the answer together; empty if it is one.
    private let members: [(interpreter: Interpreter, weight: Float)]
    private let shadows: [Interpreter]
    private let failure: @Sendable (any Error) -> CallError

    /// - Parameter warnings: About the way to this answer.
    init(_ route: Route, _ registry: EstimatorRegistry, _ warnings: [EstimateWarning], _ log: HostLog) {
        func interpreter(_ description: EstimatorDescription) -> Interpreter { Interpreter(description, registry, route.answer, log) }
        self.init(route.description, registry, route.answer, log, warnings: warnings,
                  members: route.members.count == 1 ? [] : route.members.map { (interpreter($0.description), $0.weight) }, shadows: route.shadows.map(interpreter))
    }

    private init(_ estimator: EstimatorDescription, _ registry: EstimatorRegistry, _ options: AnswerOptions, _ log: HostLog, warnings: [EstimateWarning] = [],
                 members: [(interpreter: Interpreter, weight: Float)] = [], shadows: [Interpreter] = []) {
        madeBy = Proto.MadeBy(estimator: estimator.id, version: estimator.version, models: registry.models(of: estimator))
        covered = estimator.categories.map(\.name)
        self.warnings = (warnings + options.warnings(estimator)).map(Proto.Warning.init)
        wanted = options.categories.map(Set.init)
        minimumReliability = options.minimumReliability ?? estimator.minimumReliability
        self.members = members
        self.shadows = shadows
        failure = { callError($0, doing: "estimator \(estimator.id)", log) }
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

    func members(_ members: [MemberReading<some Reading>]) -> [Proto.MemberEstimate] {
        members.map { member in
            let (interpreter, weight) = self.members[member.index], reading = member.value
            return Proto.MemberEstimate(
                madeBy: interpreter.madeBy, weight: weight, categories: interpreter.categories(reading.categories), dimensions: reading.dimensions.map(Proto.DimensionEstimate.init),
                nativeScores: reading.nativeScores.map(Proto.NativeScore.init), attributes: reading.attributes.map(Proto.AttributeEstimate.init),
                predictionSet: reading.predictionSet.map(Proto.PredictionSet.init))
        }
    }

    /// - Parameter reading: The answer that they stand beside.
    func shadows<Answer: Reading>(of reading: Answer) -> [Proto.ShadowEstimate] {
        reading.shadows.map { shadow in
            let interpreter = shadows[shadow.index]
            switch shadow.result {
            case .success(let other): return Proto.ShadowEstimate(madeBy: interpreter.madeBy, differences: differences(interpreter, other, reading))
            case .failure(let error):
                let failure = interpreter.failure(error)
                return Proto.ShadowEstimate(madeBy: interpreter.madeBy, failure: Proto.Failure(code: failure.code.rawValue, message: failure.message, reason: failure.reason))
            }
        }
    }

    /// In the order of the answer.
    private func differences(_ interpreter: Interpreter, _ other: some Reading, _ reading: some Reading) -> [Proto.Difference] {
        let others = interpreter.told(other.categories)
        return told(reading.categories).compactMap { estimate in
            guard !estimate.abstains, let same = others.first(where: { $0.category == estimate.category }), !same.abstains else { return nil }
            return Proto.Difference(name: estimate.category.name, value: same.intensity - estimate.intensity)
        } + reading.dimensions.compactMap { estimate in
            other.dimensions.first { $0.dimension == estimate.dimension }.map { Proto.Difference(name: estimate.dimension.rawValue, value: $0.value - estimate.value) }
        }
    }

    private func told(_ estimates: [CategoryEstimate]) -> [CategoryEstimate] {
        estimates.filter { wanted?.contains($0.category) ?? true }.strongestFirst.abstaining(below: minimumReliability)
    }
}
