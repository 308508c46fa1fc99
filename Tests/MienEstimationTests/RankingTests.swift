import MienEstimation
import Testing
import VoiceFakes

@Suite("Order and abstention") struct RankingTests {
    private func estimate(
        _ category: MienEstimation.Category, _ intensity: Float, native: Float = 1, above: Float? = nil, reliability: Float? = nil
    ) -> CategoryEstimate {
        CategoryEstimate(category: category, intensity: intensity, nativeScore: native, nativeScale: WideVoice.scale, calibratedProbability: 0.5,
                         aboveNeutral: above, raterReliability: reliability)
    }

    @Test func theStrongestComesFirstWhateverTheOrderBefore() {
        let wanted = [
            estimate(.anger, 0.9), estimate(.awe, 0.5, above: 2), estimate(.pride, 0.5, native: 9, above: 1), estimate(.fear, 0.5, native: 3),
            estimate(.interest, 0.5, native: 2), estimate(.sadness, 0.5, native: 2), estimate(.pain, 0),
        ]
        for seed in 0..<20 {
            var generator = Steps(state: UInt64(seed))
            let ordered = wanted.shuffled(using: &generator).strongestFirst
            #expect(ordered.map(\.category) == wanted.map(\.category), "\(seed)")
        }
        #expect([CategoryEstimate]().strongestFirst.isEmpty)
    }

    @Test func whereRatersDoNotAgreeTheInterpretationIsWithheldAndTheFactsStay() {
        let estimates = [
            estimate(.interest, 0.9, native: 3.5, above: 1, reliability: -0.09), estimate(.anger, 0.5, reliability: 0.22),
            estimate(.awe, 0.4, native: 2, reliability: -0.127), estimate(.pain, 0.3), estimate(.fear, 0.2, reliability: 0.1),
        ]
        let told = estimates.abstaining(below: 0.1)
        #expect(told.map(\.category) == [.anger, .pain, .fear, .interest, .awe])
        #expect(told.map(\.abstains) == [false, false, false, true, true])
        #expect(told.map(\.intensity) == [0.5, 0.3, 0.2, 0, 0])
        #expect(told[3].nativeScore == 3.5 && told[3].aboveNeutral == 1 && told[3].raterReliability == -0.09)
        #expect(told.map { $0.calibratedProbability != nil } == [true, true, true, false, false])
    }

    @Test(arguments: [nil, -1 as Float?]) func withoutAThresholdNothingIsWithheld(_ threshold: Float?) {
        let estimates = [estimate(.interest, 0.9, reliability: -1), estimate(.anger, 0.5, reliability: 1), estimate(.pain, 0.3)]
        let told = estimates.abstaining(below: threshold)
        #expect(told.map(\.category) == estimates.map(\.category))
        #expect(told.map(\.intensity) == [0.9, 0.5, 0.3])
        #expect(told.allSatisfy { !$0.abstains && $0.calibratedProbability == 0.5 })
    }

    @Test func aThresholdOfOneLeavesWhatIsNotKnown() {
        let told = WideVoice.reading(loudness: 1).categories.abstaining(below: 1)
        #expect(told.count == 40 && told.allSatisfy(\.abstains))
        #expect([estimate(.pain, 0.3)].abstaining(below: 1).allSatisfy { !$0.abstains })
    }

    @Test func theBaselineComparesWhatBothHave() throws {
        var baseline = NeutralBaseline()
        for loudness: Float in [0.25, 0.5, 1] { baseline.add(WideVoice.reading(loudness: loudness, of: [.anger, .pain])) }
        let difference = try #require(baseline.difference(of: WideVoice.reading(loudness: 1, of: [.awe, .pain])))
        #expect(difference.categories.map(\.category) == [.pain])
        // Pain is number 35: 3.5 of 4, against half of that.
        #expect(abs(difference.categories[0].value - 0.4375) < 1e-6)
        #expect(difference.dimensions.map(\.value) == [0.5])
    }
}

/// Numbers that look random and are always the same.
private struct Steps: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}
