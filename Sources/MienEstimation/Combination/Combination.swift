/// Estimators that are asked the same: one or more whose weighted mean is the answer, and others beside them.
package struct Combination<Member: Sendable>: Sendable {
    /// At least one; weights are finite and above 0.
    package var members: [(estimator: Member, description: EstimatorDescription, weight: Float)]
    /// Estimators that have no influence on the answer, or why they cannot be asked.
    package var shadows: [Result<Member, any Error>]
    /// Below it a member abstains, and has no vote; nil: below its own.
    package var minimumReliability: Float?

    package init(members: [(estimator: Member, description: EstimatorDescription, weight: Float)], shadows: [Result<Member, any Error>], minimumReliability: Float?) {
        self.members = members
        self.shadows = shadows
        self.minimumReliability = minimumReliability
    }
}

extension EstimatorDescription {
    /// No estimator may have this name: answers that are made by several bear it.
    package static let ensembleID = "ensemble"

    /// What several estimators of one modality are together; one alone is itself.
    package static func combining(_ members: [EstimatorDescription]) -> EstimatorDescription {
        if members.count == 1 { return members[0] }
        return EstimatorDescription(
            id: ensembleID, version: "1", summary: "The weighted mean of \(members.map(\.id).joined(separator: ", ")).", modality: members[0].modality,
            categories: Category.all.filter { category in members.contains { $0.categories.contains(category) } },
            dimensions: Dimension.allCases.filter { dimension in members.contains { $0.dimensions.contains(dimension) } },
            nativeLabels: [], models: members.flatMap(\.models).firstOccurrences, isOnline: members.contains(where: \.isOnline))
    }
}

extension Combination {
    var description: EstimatorDescription { .combining(members.map(\.description)) }

    /// The categories to ask an estimator for.
    static func categories(_ wanted: [Category]?, of estimator: EstimatorDescription) -> [Category]? {
        guard let wanted else { return nil }
        let covered = wanted.filter(estimator.categories.contains)
        // It is asked for the sake of its dimensions then, and whatever else it says is left out.
        return covered.isEmpty ? nil : covered
    }

    func asVotes(_ categories: [CategoryEstimate], of index: Int) -> (weight: Float, categories: [CategoryEstimate]) {
        let member = members[index]
        return (member.weight, categories.abstaining(below: minimumReliability ?? member.description.minimumReliability))
    }

    /// Asks the shadows; what fails in them fails them alone.
    ///
    /// - Throws: `CancellationError` once nobody waits any more.
    func askShadows<Answer>(_ context: EstimationContext, _ body: (Member) throws -> Answer) throws -> [Result<Answer, any Error>] {
        try shadows.map { shadow in
            let result = shadow.flatMap { estimator in Result { try body(estimator) } }
            try context.checkCancellation()
            return result
        }
    }
}

extension Sequence where Element: Hashable {
    /// In their order, none twice.
    package var firstOccurrences: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
