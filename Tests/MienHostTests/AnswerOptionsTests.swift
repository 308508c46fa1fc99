import MienClient
import MienEstimation
@testable import MienHost
import MienMessages
import MienWire
import Testing
import VoiceFakes

/// Half a second of silence, a second and a half at 0.5, half a second of silence. So `WideVoice` says n / 20 of 4 about category n.
private let sound = FakeVoice.sound([(0.5, 0), (1.5, 0.5), (0.5, 0)])

/// A face estimator of EmoNet's whole width that takes no notice of what is wanted: category n has the score 7 * n / 40, of 7.
private let wideFaces: EstimatorFactory = {
    let description = EstimatorDescription(id: "wide-faces", version: "1", summary: "For tests.", modality: .face, categories: Category.all,
                                           attributes: ["Emotional Vulnerability"], nativeLabels: Category.all.map(\.name),
                                           models: [], minimumReliability: 0.25)
    return EstimatorFactory(description: description) { _ in
        FakeFaces(description: description) { picture, _, _ in
            var answer = FakeFaces.answer(picture)
            answer.estimates[0].categories = Category.all.map { category in
                let share = Float(category.number) / 40
                return CategoryEstimate(category: category, intensity: share, nativeScore: 7 * share,
                                        nativeScale: NativeScale(minimum: 0, maximum: 7, meaning: "test"), calibratedProbability: share,
                                        aboveNeutral: 7 * share - 1, raterReliability: category == .awe ? nil : 1 - share)
            }
            answer.estimates[0].attributes = [
                AttributeEstimate(attribute: "Emotional Vulnerability", value: 1.25, scale: NativeScale(minimum: 0, maximum: 5, meaning: "test"),
                                  lowEnd: "none", highEnd: "extreme", aboveNeutral: -0.5)
            ]
            return answer
        }
    }
}()

private func face(_ categories: [String] = [], reliability: Float? = nil) -> Proto.EstimateFaceRequest {
    var request = Proto.EstimateFaceRequest.gray()
    request.options = Proto.FaceOptions(categories: categories, minimumReliability: reliability)
    return request
}

@Suite("What is wanted of an answer", .timeLimit(.minutes(3))) struct AnswerOptionsTests {
    @Test func whatIsWantedChoosesAmongEstimators() async throws {
        func madeBy(_ factories: [EstimatorFactory], _ categories: [String], named id: String = "") async throws -> String {
            let pair = HostPair(factories) { $0.models = FakeModels(missing: ["absent"]) }
            var request = face(categories)
            request.estimator = id
            return try await pair.client.estimateFace(request).message.estimates[0].madeBy?.estimator ?? ""
        }
        let narrow = FakeFaces.factory("narrow")
        #expect(try await madeBy([narrow, wideFaces], []) == "narrow")
        #expect(try await madeBy([narrow, wideFaces], ["anger"]) == "narrow")
        #expect(try await madeBy([narrow, wideFaces], ["anger", "awe"]) == "wide-faces")
        // A choice that was made stays.
        let error = await #expect(throws: CallError.self) { _ = try await madeBy([narrow, wideFaces], ["awe"], named: "narrow") }
        #expect(error?.reason == "CATEGORY_NOT_COVERED" && error?.message.contains("narrow does not cover") == true, "\(String(describing: error))")
        // What cannot be used is no choice.
        var description = wideFaces.description
        description.models = ["absent"]
        let absent = EstimatorFactory(description: description) { files in
            _ = try files.path(model: "absent", file: "weights")
            return try wideFaces.load(files)
        }
        description.id = "other-wide-faces"
        description.models = []
        let other = EstimatorFactory(description: description, load: wideFaces.load)
        #expect(try await madeBy([narrow, absent, other], ["awe"]) == "other-wide-faces")
        let refused = await #expect(throws: CallError.self) { _ = try await madeBy([narrow, absent], ["awe"]) }
        #expect(refused?.reason == "CATEGORY_NOT_COVERED" && refused?.message.contains("narrow does not cover") == true, "\(String(describing: refused))")
    }

    @Test func categoriesAreRankedAndThoseWithoutAgreementComeLast() async throws {
        let pair = HostPair([wideFaces])
        let estimate = try #require(try await pair.client.estimateFace(face()).message.estimates.first)
        #expect(estimate.categories.count == 40 && estimate.coveredCategories.count == 40)
        // Agreement is 1 - n / 40: up to category 30 it is at least the estimator's 0.25.
        let spoken = estimate.categories.filter { !$0.abstained }
        #expect(spoken.map(\.name) == (1...30).reversed().map { Category.all[$0 - 1].name })
        #expect(spoken.map(\.rank) == Array(1...30))
        #expect(estimate.categories.prefix(30).allSatisfy { !$0.abstained })
        #expect(zip(spoken, spoken.dropFirst()).allSatisfy { $0.intensity > $1.intensity })
        let withheld = Array(estimate.categories.suffix(10))
        #expect(withheld.map(\.name) == (31...40).reversed().map { Category.all[$0 - 1].name })
        #expect(withheld.allSatisfy { $0.abstained && $0.rank == 0 && $0.intensity == 0 && $0.calibratedProbability == nil })
        #expect(withheld[0].nativeScore == 7 && withheld[0].aboveNeutral == 6 && withheld[0].raterReliability == 0)
        let awe = try #require(spoken.first { $0.name == "Awe" })
        #expect(awe.raterReliability == nil && awe.aboveNeutral == 7 * 0.3 - 1)
        #expect(estimate.attributes == [
            Proto.AttributeEstimate(name: "Emotional Vulnerability", value: 1.25, scale: Proto.NativeScale(minimum: 0, maximum: 5, meaning: "test"),
                                    lowEnd: "none", highEnd: "extreme", aboveNeutral: -0.5)
        ])
        await pair.close()
    }

    @Test(arguments: [(-1 as Float, 40), (0, 40), (0.25, 30), (0.5, 20), (1, 1)])
    func theCallerMaySetAnotherThreshold(_ reliability: Float, _ spoken: Int) async throws {
        let pair = HostPair([wideFaces])
        let estimate = try #require(try await pair.client.estimateFace(face(reliability: reliability)).message.estimates.first)
        #expect(estimate.categories.count == 40)
        #expect(estimate.categories.count { !$0.abstained } == spoken)
        #expect(estimate.categories.map(\.rank) == (1...40).map { $0 <= spoken ? UInt32($0) : 0 })
        await pair.close()
    }

    @Test func onlyWhatIsWantedIsAnsweredWhateverItsSpelling() async throws {
        let pair = HostPair([wideFaces])
        let wanted = ["surprise", "jealousy_&_envy", "Anger", "ANGER", "Negative|Pain", "hope_enthusiasm_optimism"]
        let estimate = try #require(try await pair.client.estimateFace(face(wanted, reliability: -1)).message.estimates.first)
        #expect(estimate.categories.map(\.name) == ["Jealousy & Envy", "Pain", "Anger", "Astonishment/Surprise", "Hope/Enthusiasm/Optimism"])
        #expect(estimate.categories.map(\.rank) == [1, 2, 3, 4, 5])
        // The model's own numbers and what it could say are facts.
        #expect(estimate.coveredCategories.count == 40 && estimate.nativeScores.count == 1)
        await pair.close()
    }

    @Test func theEstimatorIsToldWhatIsWanted() async throws {
        let seen = Locked<[MienEstimation.Category]?>(nil)
        let pair = HostPair([FakeFaces.factory { picture, options, _ in seen.withLock { $0 = options.categories }; return FakeFaces.answer(picture) }])
        _ = try await pair.client.estimateFace(face(["anger"]))
        #expect(seen.withLock { $0 } == [.anger])
        _ = try await pair.client.estimateFace(face())
        #expect(seen.withLock { $0 } == nil)
        await pair.close()
    }

    @Test func listEstimatorsSaysWhatCanBeAsked() async throws {
        let pair = HostPair([wideFaces, WideVoice().factory, FakeVoice().factory])
        let list = try await pair.client.estimators()
        #expect(list.map(\.attributes) == [["Emotional Vulnerability"], ["Warm vs. Cold"], []])
        #expect(list.map(\.minimumReliability) == [0.25, 0, nil])
        #expect(list.map(\.usesNeutral) == [false, true, false])
        await pair.close()
    }

    // MARK: Voices

    @Test func anEnrolledVoiceIsComparedWithItsNeutralSelf() async throws {
        let pair = HostPair([WideVoice().factory])
        let neutral = try #require(try await pair.client.estimateVoice(.sound(FakeVoice.sound([(1, 0.25)]))).message.estimates.first)
        #expect(neutral.nativeScores.count == 41 && neutral.categories.allSatisfy { $0.aboveNeutral == nil })
        let options = Proto.VoiceOptions(granularity: .utterance, neutral: neutral.nativeScores)
        let answer = try await pair.client.estimateVoice(.sound(sound, options: options)).message
        #expect(answer.warnings.isEmpty)
        let estimate = try #require(answer.estimates.first)
        let strongest = try #require(estimate.categories.first)
        // Category 40: 2 of 4 at 0.5, and half of that when neutral.
        #expect(strongest.name == "Jealousy & Envy" && strongest.rank == 1)
        #expect(abs((strongest.aboveNeutral ?? 0) - 1) < 1e-6 && abs(strongest.nativeScore - 2) < 1e-6)
        #expect(estimate.categories.count { $0.abstained } == 19)
        let warm = try #require(estimate.attributes.first)
        #expect(warm.name == "Warm vs. Cold" && warm.lowEnd == "cold" && warm.value == 0 && warm.aboveNeutral == 1)
        await pair.close()
    }

    @Test func aPartOfANeutralVoiceIsEnough() async throws {
        let pair = HostPair([WideVoice().factory])
        let options = Proto.VoiceOptions(categories: ["anger", "pain"], minimumReliability: -1, neutral: [.init(label: "Anger", score: 0.5)])
        let estimate = try #require(try await pair.client.estimateVoice(.sound(sound, options: options)).message.estimates.first)
        #expect(estimate.categories.map(\.name) == ["Pain", "Anger"])
        #expect(estimate.categories.map { $0.aboveNeutral != nil } == [false, true])
        // This estimator computes no more than it must.
        #expect(estimate.nativeScores.map(\.label) == ["Anger", "Pain", "Warm vs. Cold"])
        await pair.close()
    }

    @Test func aNeutralVoiceThatIsOfNoUseIsAWarning() async throws {
        let pair = HostPair([FakeVoice().factory])
        let options = Proto.VoiceOptions(neutral: [.init(label: "angry", score: 0.25)])
        let answer = try await pair.client.estimateVoice(.sound(sound, options: options)).message
        #expect(answer.estimates.count == 1)
        #expect(answer.warnings == [Proto.Warning(reason: "NEUTRAL_UNUSED", message: "estimator fake-voice has no use for the scores of a neutral voice")])
        await pair.close()
    }

    @Test func aFilterLeavesPredictionSetAndNativeScoresAsTheyAre() async throws {
        let pair = HostPair([FakeVoice().factory])
        let estimate = try #require(try await pair.client.estimateVoice(.sound(sound, options: .init(categories: ["anger"]))).message.estimates.first)
        #expect(estimate.categories.map(\.name) == ["Anger"])
        #expect(estimate.predictionSet?.labels == ["neutral"])
        #expect(estimate.nativeScores.map(\.label) == ["angry", "neutral"])
        await pair.close()
    }

    @Test func aLiveStreamFiltersAbstainsAndComparesToo() async throws {
        let pair = HostPair([WideVoice().factory])
        var start = Proto.WatchVoiceStart(format: .init(samples: .f32le, rate: 16_000), interval: 0)
        // Awe is number 12: the estimator abstains there.
        (start.categories, start.neutral) = (["pain", "awe", "sadness"], [.init(label: "Pain", score: 0.75)])
        let events = try await watch(pair, start, (0..<5).map { FakeVoice.sound([(1, $0 == 4 ? 1 : 0.5), (1, 0)]) })
        let estimates = events.compactMap { if case .utterance(let estimate)? = $0.kind { estimate } else { nil } }
        #expect(estimates.count == 5)
        for estimate in estimates {
            #expect(estimate.categories.map(\.name) == ["Pain", "Sadness", "Awe"])
            #expect(estimate.categories.map(\.rank) == [1, 2, 0])
            #expect(estimate.categories.map { $0.aboveNeutral != nil } == [true, false, false])
        }
        #expect(estimates[2].baseline == nil)
        let baseline = try #require(estimates[4].baseline)
        #expect(baseline.utterances == 4)
        // Where it abstains, a difference would be an interpretation as well.
        #expect(Set(baseline.differences.map(\.name)) == ["Pain", "Sadness", "valence"])
        // Pain is number 35: 3.5 of 4, against half of that.
        #expect(abs((baseline.differences.first { $0.name == "Pain" }?.value ?? 0) - 0.4375) < 1e-6)
        await pair.close()
    }

    @Test func aLiveStreamWarnsOfANeutralVoiceThatIsOfNoUse() async throws {
        let pair = HostPair([FakeVoice().factory])
        let start = Proto.WatchVoiceStart(format: .init(samples: .f32le, rate: 16_000), neutral: [.init(label: "angry", score: 1)])
        let events = try await watch(pair, start, [[Float](repeating: 0, count: 100)])
        guard case .ready? = events.first?.kind, case .warning(let warning)? = events.dropFirst().first?.kind else {
            return #expect(Bool(false), "ready, then a warning")
        }
        #expect(warning.reason == "NEUTRAL_UNUSED")
        await pair.close()
    }

    private func watch(_ pair: HostPair, _ start: Proto.WatchVoiceStart, _ sounds: [[Float]]) async throws -> [Proto.WatchVoiceEvent] {
        let stream = try await pair.client.watchVoice()
        try await stream.send(.init(kind: .start(start)))
        for sound in sounds { try await stream.send(.init(kind: .samples(sound.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }))) }
        stream.halfClose()
        var events: [Proto.WatchVoiceEvent] = []
        while let event = try await stream.next() { events.append(event) }
        return events
    }

    // MARK: What a caller can get wrong

    struct Mistake: Sendable, CustomTestStringConvertible {
        var categories: [String] = []
        var reliability: Float?
        var neutral: [Proto.NativeScore] = []
        var reason: String, field: String, message: String
        var testDescription: String { "\(reason) \(field)" }
    }

    static let ofAnyKind = [
        Mistake(categories: ["anger", "rage!"], reason: "CATEGORY_UNKNOWN", field: "categories",
                message: "FIELD has \"rage!\", which is none of EmoNet's 40 categories"),
        Mistake(categories: ["Malicious envy"], reason: "CATEGORY_UNKNOWN", field: "categories",
                message: "FIELD has \"Malicious envy\", which is none of EmoNet's 40 categories; it is a word for Bitterness and for Malevolence/Malice"),
        Mistake(categories: [""], reason: "CATEGORY_UNKNOWN", field: "categories", message: "FIELD has \"\", which is none of EmoNet's 40 categories"),
        Mistake(reliability: .nan, reason: "FIELD_OUT_OF_RANGE", field: "minimum_reliability", message: "FIELD is nan; it must be from -1 to 1"),
        Mistake(reliability: 1.5, reason: "FIELD_OUT_OF_RANGE", field: "minimum_reliability", message: "FIELD is 1.5; it must be from -1 to 1"),
        Mistake(reliability: -1.25, reason: "FIELD_OUT_OF_RANGE", field: "minimum_reliability", message: "FIELD is -1.25; it must be from -1 to 1"),
    ]

    static let ofVoices = ofAnyKind + [
        Mistake(categories: ["anger", "pride"], reason: "CATEGORY_NOT_COVERED", field: "categories",
                message: "FIELD has Pride, which estimator fake-voice does not cover; it covers Anger"),
        Mistake(neutral: [.init(label: "cross", score: 1)], reason: "NEUTRAL_LABEL_UNKNOWN", field: "neutral",
                message: "FIELD has a score for \"cross\", which is no native label of estimator fake-voice; its native labels are angry, neutral"),
        Mistake(neutral: [.init(label: "angry", score: 1), .init(label: "neutral"), .init(label: "angry", score: 1)],
                reason: "NEUTRAL_LABEL_TWICE", field: "neutral", message: "FIELD has two scores for \"angry\""),
        Mistake(neutral: [.init(label: "angry", score: .infinity)], reason: "FIELD_OUT_OF_RANGE", field: "neutral",
                message: "FIELD has the score inf for \"angry\"; it must be a finite number"),
        Mistake(neutral: [.init(label: "neutral", score: .nan)], reason: "FIELD_OUT_OF_RANGE", field: "neutral",
                message: "FIELD has the score nan for \"neutral\"; it must be a finite number"),
    ]

    private func check(_ error: CallError?, _ mistake: Mistake, in message: String) {
        let field = "\(message).\(mistake.field)"
        #expect(error?.code == .invalidArgument)
        #expect(error?.reason == mistake.reason)
        #expect(error?.field == field)
        #expect(error?.message == field + mistake.message.dropFirst("FIELD".count))
    }

    @Test(arguments: ofAnyKind) func mistakesAboutFacesAreNamed(_ mistake: Mistake) async {
        let pair = HostPair()
        check(await pair.failure(face(mistake.categories, reliability: mistake.reliability)), mistake, in: "options")
        await pair.close()
    }

    @Test func aFaceEstimatorSaysWhatItCovers() async {
        let pair = HostPair()
        let error = await pair.failure(face(["pride"]))
        #expect(error?.code == .invalidArgument && error?.reason == "CATEGORY_NOT_COVERED" && error?.field == "options.categories")
        #expect(error?.message == "options.categories has Pride, which estimator fake does not cover; it covers Anger")
        #expect(error?.facts == [MetadataEntry("covered", "Anger")])
        await pair.close()
    }

    @Test(arguments: ofVoices) func mistakesAboutRecordingsAreNamed(_ mistake: Mistake) async throws {
        let pair = HostPair([FakeVoice().factory])
        let options = Proto.VoiceOptions(categories: mistake.categories, minimumReliability: mistake.reliability, neutral: mistake.neutral)
        let error = await #expect(throws: CallError.self) { try await pair.client.estimateVoice(.sound(sound, options: options)) }
        check(error, mistake, in: "options")
        await pair.close()
    }

    @Test(arguments: ofVoices) func mistakesAboutStreamsAreNamed(_ mistake: Mistake) async throws {
        let pair = HostPair([FakeVoice().factory])
        let start = Proto.WatchVoiceStart(format: .init(samples: .f32le, rate: 16_000), categories: mistake.categories,
                                          minimumReliability: mistake.reliability, neutral: mistake.neutral)
        let error = await #expect(throws: CallError.self) { try await watch(pair, start, []) }
        check(error, mistake, in: "start")
        await pair.close()
    }
}
