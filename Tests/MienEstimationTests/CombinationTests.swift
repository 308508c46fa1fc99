@testable import MienEstimation
import MienMedia
import Testing
import VoiceFakes

private let scale = NativeScale(minimum: 0, maximum: 1, meaning: "test")

private func estimate(_ category: MienEstimation.Category, _ intensity: Float, abstains: Bool = false) -> CategoryEstimate {
    CategoryEstimate(category: category, intensity: intensity, nativeScore: intensity, nativeScale: scale, abstains: abstains)
}

@Suite("The mean of several estimators") struct WeightedMeanTests {
    @Test func isAsComputedByHand() {
        // Anger: (3 * 0.2 + 1 * 0.6) / 4 = 0.3; deviations 0.1 and 0.3: sqrt((3 * 0.01 + 0.09) / 4) = 0.1732.
        let mean = WeightedMean.categories([(3, [estimate(.anger, 0.2), estimate(.fear, 0.9)]), (1, [estimate(.anger, 0.6)])])
        #expect(mean.map(\.category) == [.fear, .anger])
        #expect(mean[0].intensity == 0.9 && mean[0].disagreement == nil)
        #expect(abs(mean[1].intensity - 0.3) < 1e-6 && abs((mean[1].disagreement ?? 0) - 0.173205) < 1e-6)
        #expect(mean[1].nativeScore == mean[1].intensity && mean[1].nativeScale == WeightedMean.scale && mean[1].calibratedProbability == nil)

        let dimensions = WeightedMean.dimensions([(1, [.init(dimension: .arousal, value: -0.5)]), (1, [.init(dimension: .arousal, value: 1), .init(dimension: .valence, value: 0.1)])])
        #expect(dimensions.map(\.dimension) == [.valence, .arousal])
        #expect(dimensions[0].value == 0.1 && dimensions[0].disagreement == nil && dimensions[1].value == 0.25 && dimensions[1].disagreement == 0.75)
    }

    @Test func leavesOutWhoAbstains() {
        let mean = WeightedMean.categories([(1, [estimate(.anger, 0, abstains: true), estimate(.fear, 0, abstains: true)]), (1, [estimate(.anger, 0.5)])])
        #expect(mean.map(\.category) == [.anger, .fear] && mean.map(\.abstains) == [false, true])
        #expect(mean[0].intensity == 0.5 && mean[0].disagreement == nil && mean[1].intensity == 0)
    }

    @Test(arguments: 0..<40) func staysBetweenWhatIsSaid(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        let votes = (0..<Int.random(in: 2...8, using: &random)).map { _ in (weight: Float.random(in: 1e-6...1e6, using: &random), value: Float.random(in: 0...1, using: &random)) }
        let mean = WeightedMean.categories(votes.map { ($0.weight, [estimate(.awe, $0.value)]) })[0]
        let lowest = votes.map(\.value).min()!, highest = votes.map(\.value).max()!
        #expect(mean.intensity >= lowest && mean.intensity <= highest)
        #expect((0...(highest - lowest) / 2 + 1e-6).contains(mean.disagreement ?? -1))
        // All alike: their value, and no disagreement but for rounding.
        let alike = WeightedMean.categories(votes.map { ($0.weight, [estimate(.awe, 0.7)]) })[0]
        #expect(abs(alike.intensity - 0.7) < 1e-6 && (alike.disagreement ?? 1) < 1e-6)
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64
        init(seed: UInt64) { state = seed }
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }
    }
}

/// Finds the faces that it was told, with anger from the one to the other.
private struct ToldFaces: FaceEstimator {
    var description: EstimatorDescription
    var faces: [(box: Box, anger: Float)]
    var failure: ScoresNotFinite?

    init(_ id: String, _ faces: [(box: Box, anger: Float)], failure: ScoresNotFinite? = nil) {
        description = EstimatorDescription(id: id, version: "1", summary: "", modality: .face, categories: [.anger], nativeLabels: ["a"], models: [])
        self.faces = faces
        self.failure = failure
    }

    func estimate(_ picture: Picture, options: FaceOptions, context: EstimationContext) throws -> FaceAnswer {
        if let failure { throw failure }
        return FaceAnswer(estimates: faces.map { box, anger in
            FaceEstimate(face: DetectedFace(box: box, landmarks: [], confidence: 1, pose: nil), categories: [MienEstimationTests.estimate(.anger, anger)],
                         nativeScores: [NativeScore(label: "a", score: anger)], quality: InputQuality(overall: 1, size: 1, sharpness: 1, exposure: 1, pose: 1),
                         warnings: [EstimateWarning(reason: "FACE_SMALL", message: "small")])
        }, warnings: [EstimateWarning(reason: "PICTURE_DARK", message: "dark")])
    }
}

private func box(_ left: Float, _ top: Float = 0) -> Box { Box(left: left, top: top, width: 10, height: 10) }

@Suite("Several estimators of faces as one") struct CombinedFaceTests {
    private let picture = Picture(width: 1, height: 1, format: .gray, pixels: [0])

    private func ask(_ members: [ToldFaces], shadows: [ToldFaces] = []) throws -> FaceAnswer {
        try CombinedFaceEstimator(Combination(members: members.map { ($0, $0.description, 1) }, shadows: shadows.map { .success($0) }, minimumReliability: nil))
            .estimate(picture, options: FaceOptions(), context: EstimationContext())
    }

    @Test func matchesFacesByTheirOverlap() throws {
        // The second has them in another order, has not found the first one's last, and has one of its own.
        let answer = try ask([ToldFaces("one", [(box(0), 0.1), (box(20), 0.2), (box(40), 0.3)]), ToldFaces("two", [(box(21), 0.6), (box(80), 1), (box(1, 1), 0.5)])])
        #expect(answer.estimates.map { $0.members.map(\.index) } == [[0, 1], [0, 1], [0]])
        for (estimate, expected) in zip(answer.estimates, [0.3, 0.4, 0.3] as [Float]) { #expect(abs(estimate.categories[0].intensity - expected) < 1e-6) }
        #expect(answer.estimates.map(\.face.box.left) == [0, 20, 40])
        #expect(answer.estimates[2].categories[0].disagreement == nil && answer.estimates[0].nativeScores.isEmpty)
        // What both say is said once.
        #expect(answer.warnings.count == 1 && answer.estimates[0].warnings.count == 1)
    }

    @Test func givesEachFaceToOne() {
        // Two of the other's overlap the same face, and the better one gets it.
        let one = ToldFaces("one", [(box(0), 0)]), two = ToldFaces("two", [(box(3), 0.3), (box(1), 0.1)])
        let answer = try? ask([one, two])
        #expect(answer?.estimates[0].members[1].value.categories[0].intensity == 0.1)
        #expect(box(0).overlap(box(10)) == 0 && box(0).overlap(box(0)) == 1 && abs(box(0).overlap(box(5)) - 1.0 / 3) < 1e-6)
    }

    @Test func aShadowChangesNothing() throws {
        let one = ToldFaces("one", [(box(0), 0.1), (box(20), 0.2)])
        let alone = try one.estimate(picture, options: FaceOptions(), context: EstimationContext())
        let answer = try ask([one], shadows: [ToldFaces("two", [(box(0), 0.9)]), ToldFaces("three", [], failure: ScoresNotFinite("nothing but NaN"))])
        for (estimate, expected) in zip(answer.estimates, alone.estimates) {
            #expect(estimate.categories[0].intensity == expected.categories[0].intensity && estimate.nativeScores == expected.nativeScores && estimate.members.isEmpty)
        }
        #expect(try answer.estimates[0].shadows[0].result.get().categories[0].intensity == 0.9)
        #expect(throws: FaceNotFound.self) { try answer.estimates[1].shadows[0].result.get() }
        for estimate in answer.estimates { #expect(throws: ScoresNotFinite.self) { try estimate.shadows[1].result.get() } }
        // A member that fails is another matter.
        #expect(throws: ScoresNotFinite.self) { try ask([one, ToldFaces("three", [], failure: ScoresNotFinite("NaN"))]) }
    }

    @Test func endsWhenNobodyWaits() {
        let one = ToldFaces("one", [])
        let combined = CombinedFaceEstimator(Combination(members: [(one, one.description, 1)], shadows: [.success(one)], minimumReliability: nil))
        #expect(throws: CancellationError.self) { try combined.estimate(picture, options: FaceOptions(), context: EstimationContext { true }) }
    }
}

@Suite("Several estimators of voices as one") struct CombinedVoiceTests {
    private static let fake = FakeVoice(), wide = WideVoice()
    private static let clips = [FakeVoice.sound([(1, 0.5)]), FakeVoice.sound([(3, 0.25)])]

    private func combined(_ reliability: Float? = nil, shadows: [any VoiceEstimator] = []) -> CombinedVoiceEstimator {
        CombinedVoiceEstimator(Combination(members: [(Self.fake, Self.fake.description, 1), (Self.wide, Self.wide.description, 3)], shadows: shadows.map { .success($0) },
                                           minimumReliability: reliability))
    }

    @Test func describesAllOfThem() {
        let description = combined().description
        #expect(description.id == "ensemble" && description.categories == Category.all && description.dimensions == [.valence, .arousal])
        #expect(description.nativeLabels.isEmpty && description.attributes.isEmpty && description.minimumReliability == nil)
    }

    @Test func eachHasAVoteOnWhatItSpeaksAbout() throws {
        let number = Float(Category.anger.number)
        let readings = try combined().read(Self.clips, options: VoiceReadingOptions(), context: EstimationContext())
        for (reading, loudness) in zip(readings, [0.5, 0.25] as [Float]) {
            let anger = try #require(reading.categories.first { $0.category == .anger }), wide = loudness * number / 40
            #expect(abs(anger.intensity - (loudness + 3 * wide) / 4) < 1e-6)
            #expect(abs((anger.disagreement ?? 0) - abs(loudness - wide) * (3.0 / 16).squareRoot()) < 1e-6)
            // Category 1 is one on which the wide one abstains, and the other does not speak about it.
            #expect(reading.categories.first { $0.category.number == 1 }?.abstains == true)
            #expect(reading.dimensions.map(\.value) == [loudness, 2 * loudness - 1] && reading.members.count == 2)
        }
        // As the request has it, nobody abstains.
        let all = try combined(-1).read(Self.clips, options: VoiceReadingOptions(), context: EstimationContext())
        #expect(all[0].categories.allSatisfy { !$0.abstains })
    }

    @Test func combinesAsEachDoes() throws {
        let estimator = combined(shadows: [Self.wide]), options = VoiceReadingOptions()
        let readings = try estimator.read(Self.clips, options: options, context: EstimationContext())
        let whole = estimator.combine(readings, options: options)
        let fake = Self.fake.combine(try Self.fake.read(Self.clips, options: options, context: EstimationContext()), options: options)
        #expect(whole.members[0].value.categories[0].intensity == fake.categories[0].intensity && whole.length == 64_000)
        #expect(try whole.shadows[0].result.get().length == 64_000)
        // Joined in two steps, as long recordings are.
        let twice = estimator.combine([estimator.combine([readings[0]], options: options), readings[1]], options: options)
        for (one, other) in zip(whole.categories, twice.categories) { #expect(one.category == other.category && abs(one.intensity - other.intensity) < 1e-6) }
    }

    @Test func aFailedShadowStaysOne() throws {
        struct Broken: Error {}
        let broken = FakeVoice("broken") { _, _ in throw Broken() }
        let estimator = combined(shadows: [broken]), options = VoiceReadingOptions()
        let readings = try estimator.read(Self.clips, options: options, context: EstimationContext())
        #expect(throws: Broken.self) { try estimator.combine(readings, options: options).shadows[0].result.get() }
    }

    @Test func eachIsAskedForWhatItCovers() throws {
        let reading = try combined().read(Self.clips, options: VoiceReadingOptions(categories: [.anger, .awe]), context: EstimationContext())[0]
        #expect(Set(reading.categories.map(\.category)) == [.anger, .awe])
    }
}
