package import MienMedia

/// Several face estimators as one. The first finds the faces; what the others say belongs to the face of theirs that overlaps it most, and those who have not found it have no vote.
package struct CombinedFaceEstimator: FaceEstimator {
    private let combination: Combination<any FaceEstimator>

    package init(_ combination: Combination<any FaceEstimator>) { self.combination = combination }

    package var description: EstimatorDescription { combination.description }

    package func estimate(_ picture: Picture, options: FaceOptions, context: EstimationContext) throws -> FaceAnswer {
        func ask(_ estimator: any FaceEstimator) throws -> FaceAnswer {
            var options = options
            options.categories = Combination<any FaceEstimator>.categories(options.categories, of: estimator.description)
            return try estimator.estimate(picture, options: options, context: context)
        }
        let answers = try combination.members.map { try ask($0.estimator) }
        let shadows = try combination.askShadows(context, ask)
        var combined = answers[0]
        combined.warnings = answers.flatMap(\.warnings).firstOccurrences
        let said = answers.map { FaceMatching(combined.estimates, $0.estimates) }, shadowed = shadows.map { $0.map { FaceMatching(combined.estimates, $0.estimates) } }
        for index in combined.estimates.indices {
            if answers.count > 1 { combined.estimates[index] = combine(said.map { $0[index] }) }
            combined.estimates[index].shadows = shadowed.enumerated().map { place, matching in ShadowReading(index: place, result: matching.flatMap { $0.result(index) }) }
        }
        return combined
    }

    /// - Parameter found: One face as each member sees it; the first does.
    private func combine(_ found: [FaceEstimate?]) -> FaceEstimate {
        let members = found.enumerated().compactMap { index, estimate in estimate.map { MemberReading(index: index, value: $0) } }
        var estimate = members[0].value
        estimate.categories = WeightedMean.categories(members.map { combination.asVotes($0.value.categories, of: $0.index) })
        estimate.dimensions = WeightedMean.dimensions(members.map { (combination.members[$0.index].weight, $0.value.dimensions) })
        estimate.attributes = []
        estimate.nativeScores = []
        estimate.warnings = members.flatMap(\.value.warnings).firstOccurrences
        estimate.members = members
        return estimate
    }
}

/// An estimator that has been asked beside another has not found the other's face.
package struct FaceNotFound: Error, Sendable, CustomStringConvertible {
    package var description: String { "it has not found this face" }
}

/// Which faces of one answer are those of another.
struct FaceMatching {
    private let matches: [FaceEstimate?]

    /// Pairs are made from the largest overlap down.
    init(_ faces: [FaceEstimate], _ others: [FaceEstimate]) {
        var pairs: [(overlap: Float, face: Int, other: Int)] = []
        for (face, one) in faces.enumerated() {
            for (other, two) in others.enumerated() {
                let overlap = one.face.box.overlap(two.face.box)
                if overlap >= Self.leastOverlap { pairs.append((overlap, face, other)) }
            }
        }
        pairs.sort { ($0.overlap, -$0.face, -$0.other) > ($1.overlap, -$1.face, -$1.other) }
        var matches = [FaceEstimate?](repeating: nil, count: faces.count), taken: Set<Int> = []
        for pair in pairs where matches[pair.face] == nil && taken.insert(pair.other).inserted { matches[pair.face] = others[pair.other] }
        self.matches = matches
    }

    /// Intersection over union, below which two boxes are not the same face.
    private static let leastOverlap: Float = 0.5

    /// The other answer's estimate of this face.
    subscript(face: Int) -> FaceEstimate? { matches[face] }
    func result(_ face: Int) -> Result<FaceEstimate, any Error> { matches[face].map { .success($0) } ?? .failure(FaceNotFound()) }
}

extension Box {
    /// Intersection over union, 0...1.
    func overlap(_ other: Box) -> Float {
        let width = min(left + self.width, other.left + other.width) - max(left, other.left)
        let height = min(top + self.height, other.top + other.height) - max(top, other.top)
        guard width > 0, height > 0 else { return 0 }
        let common = width * height
        return common / (self.width * self.height + other.width * other.height - common)
    }
}
