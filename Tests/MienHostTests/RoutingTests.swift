import MienClient
import MienEstimation
@testable import MienHost
import MienMessages
import MienWire
import Testing
import VoiceFakes

/// Half a second of silence, a second and a half at 0.5, half a second of silence.
private let sound = FakeVoice.sound([(0.5, 0), (1.5, 0.5), (0.5, 0)])

private func face(_ routing: Proto.Routing, _ value: UInt8 = 51, estimator: String = "", categories: [String] = []) -> Proto.EstimateFaceRequest {
    var request = Proto.EstimateFaceRequest.gray(value, estimator: estimator)
    request.routing = routing
    request.options = Proto.FaceOptions(categories: categories)
    return request
}

/// A face estimator with the anger that it is told.
private func faces(_ id: String, anger: Float = 0.5, models: [String] = [], cost: Float? = nil, skill: Float? = nil, online: Bool = false, failure: (any Error)? = nil) -> EstimatorFactory {
    var factory = FakeFaces.factory(id, models: models) { picture, _, _ in
        if let failure { throw failure }
        var answer = FakeFaces.answer(picture)
        answer.estimates[0].categories[0].intensity = anger
        return answer
    }
    factory.description.cost = cost
    factory.description.skill = skill
    factory.description.isOnline = online
    return factory
}

private let absentVoice = EstimatorFactory(description: FakeVoice("absent", models: ["absent"]).description) { files in
    _ = try files.path(model: "absent", file: "weights")
    return FakeVoice("absent")
}

@Suite("Who answers", .timeLimit(.minutes(3))) struct RoutingTests {
    // MARK: Policies

    @Test(arguments: [
        (.unspecified, "plain"), (.fast, "quick"), (.accurate, "right"), (.offline, "plain"),
    ] as [(Proto.Policy, String)]) func aPolicyChooses(_ policy: Proto.Policy, _ expected: String) async throws {
        let pair = HostPair([faces("plain"), faces("slow", cost: 900, skill: 0.2), faces("quickest", models: ["absent"], cost: 1), faces("quick", cost: 2, online: true),
                             faces("right", skill: 0.9), faces("alike", cost: 2)]) { $0.models = FakeModels(missing: ["absent"]) }
        let answer = try await pair.client.estimateFace(face(.init(policy: policy))).message
        #expect(answer.estimates[0].madeBy?.estimator == expected)
        await pair.close()
    }

    @Test func offlineIsAPromise() async throws {
        let online = HostPair([faces("remote", online: true)])
        #expect(await online.failure(face(.init(policy: .offline)))?.reason == "NO_ESTIMATOR")
        await online.close()
        let pair = HostPair([faces("remote", online: true), faces("local")])
        #expect(try await pair.client.estimateFace(face(.init(policy: .offline))).message.estimates[0].madeBy?.estimator == "local")
        // Whoever is named: nothing leaves the machine.
        for request in [face(.init(policy: .offline), estimator: "remote"), face(.init(policy: .offline, fallbacks: ["remote"])), face(.init(policy: .offline, shadows: ["remote"])),
                        face(.init(policy: .offline, ensemble: [.init(estimator: "local"), .init(estimator: "remote")]))] {
            #expect(await pair.failure(request)?.reason == "ESTIMATOR_ONLINE")
        }
        #expect(try await pair.client.estimateFace(face(.init(policy: .offline), estimator: "local")).message.estimates.count == 1)
        await pair.close()
    }

    @Test func whatAnEstimatorIsWorthIsTold() async throws {
        let pair = HostPair([faces("one", cost: 2.5, skill: 0.25, online: true), faces("two")])
        let told = try await pair.client.estimators()
        #expect(told[0].costMs == 2.5 && told[0].skill == 0.25 && told[0].online)
        #expect(told[1].costMs == nil && told[1].skill == nil && !told[1].online)
        await pair.close()
    }

    // MARK: Fallbacks

    @Test(arguments: [
        (faces("first", models: ["absent"]), "model absent is missing"), (faces("first", failure: ScoresNotFinite("nothing but NaN")), "nothing but NaN"),
        (faces("first", failure: CallError(.unavailable, "it died", reason: "PLUGIN_FAILED")), "it died"),
        (faces("first", failure: CallError(.deadlineExceeded, "too slow", reason: "PLUGIN_TIMEOUT")), "too slow"),
    ]) func theNextOneAnswers(_ first: EstimatorFactory, _ cause: String) async throws {
        let pair = HostPair([first, faces("second", failure: EstimatorUnusable("a wrong file")), faces("third", anger: 0.75)]) { $0.models = FakeModels(missing: ["absent"]) }
        let answer = try await pair.client.estimateFace(face(.init(fallbacks: ["second", "third"]), estimator: "first")).message
        #expect(answer.estimates[0].madeBy?.estimator == "third" && answer.estimates[0].categories[0].intensity == 0.75)
        #expect(answer.warnings.map(\.reason) == ["PICTURE_DARK", "FELL_BACK", "FELL_BACK"])
        #expect(answer.warnings[1].message.hasPrefix("first could not answer: \(cause)") && answer.warnings[2].message.contains("second could not answer"), "\(answer.warnings)")
        // The last one's failure is the caller's.
        #expect(await pair.failure(face(.init(fallbacks: ["second"]), estimator: "first"))?.reason == "ESTIMATOR_UNUSABLE")
        await pair.close()
    }

    @Test func theRequestsFaultIsNobodyElses() async throws {
        let asked = Counter()
        let second = FakeFaces.factory("second") { picture, _, _ in
            asked.increment()
            return FakeFaces.answer(picture)
        }
        let pair = HostPair([FakeFaces.factory("first"), second])
        var request = face(.init(fallbacks: ["second"]))
        request.picture = .data(Array("no picture".utf8))
        #expect(await pair.failure(request)?.field == "picture")
        request.picture = .path("/nowhere/at all.jpg")
        #expect(await pair.failure(request)?.field == "path")
        #expect(asked.value == 0)
        await pair.close()
    }

    @Test func nobodyIsAskedForACallerThatIsGone() async throws {
        let asked = Counter(), gate = Gate()
        let first = FakeFaces.factory("first") { _, _, context in
            gate.wait()
            try context.checkCancellation()
            throw ScoresNotFinite("late")
        }
        let second = FakeFaces.factory("second") { picture, _, _ in
            asked.increment()
            return FakeFaces.answer(picture)
        }
        let pair = HostPair([first, second])
        let error = await #expect(throws: CallError.self) {
            _ = try await pair.client.connection.unary("/mien.v1.Estimation/EstimateFace", face(.init(fallbacks: ["second"])).encoded(), timeout: .milliseconds(50))
        }
        #expect(error?.code == .deadlineExceeded)
        gate.open()
        await pair.close()
        #expect(asked.value == 0)
    }

    // MARK: Ensembles

    @Test func anEnsembleIsTheMeanAndTellsHowFarItDisagrees() async throws {
        let pair = HostPair([faces("one", anger: 0.25, models: ["m"]), faces("two", anger: 0.75, models: ["m", "n"])])
        let request = face(.init(ensemble: [.init(estimator: "one", weight: 3), .init(estimator: "two")]))
        let estimate = try #require(try await pair.client.estimateFace(request).message.estimates.first)
        #expect(estimate.madeBy == Proto.MadeBy(estimator: "ensemble", version: "1", models: ["m@3", "n@3"]))
        #expect(estimate.categories.count == 1 && estimate.categories[0].intensity == 0.375 && estimate.categories[0].rank == 1)
        #expect(abs((estimate.categories[0].disagreement ?? 0) - 0.2165) < 1e-4)
        #expect(estimate.dimensions == [Proto.DimensionEstimate(name: "valence", value: -0.5, disagreement: 0)])
        #expect(estimate.members.map { $0.madeBy?.estimator } == ["one", "two"] && estimate.members.map(\.weight) == [3, 1])
        #expect(estimate.members.map { $0.categories[0].intensity } == [0.25, 0.75] && estimate.nativeScores.isEmpty)
        #expect(estimate.members[0].nativeScores == [Proto.NativeScore(label: "angry", score: 1.4)] && estimate.coveredCategories == ["Anger"])
        await pair.close()
    }

    @Test func anEnsembleFailsWithItsMembersAndFallsBack() async throws {
        let pair = HostPair([faces("one"), faces("two", failure: ScoresNotFinite("NaN")), faces("three")])
        let ensemble = [Proto.EnsembleMember(estimator: "one"), Proto.EnsembleMember(estimator: "two")]
        #expect(await pair.failure(face(.init(ensemble: ensemble)))?.reason == "SCORES_NOT_FINITE")
        let answer = try await pair.client.estimateFace(face(.init(fallbacks: ["three"], ensemble: ensemble))).message
        #expect(answer.estimates[0].madeBy?.estimator == "three" && answer.estimates[0].members.isEmpty)
        // One of its members may well be the one to fall back to.
        let alone = try await pair.client.estimateFace(face(.init(fallbacks: ["one"], ensemble: ensemble))).message
        #expect(alone.estimates[0].madeBy?.estimator == "one")
        await pair.close()
    }

    @Test(arguments: [Proto.Granularity.clip, .utterance, .window]) func voicesGoTogetherInRecordings(_ granularity: Proto.Granularity) async throws {
        let pair = HostPair([FakeVoice().factory, WideVoice().factory])
        var request = Proto.EstimateVoiceRequest.sound(sound, options: .init(granularity: granularity))
        request.routing = Proto.Routing(ensemble: [.init(estimator: "fake-voice"), .init(estimator: "wide-voice")])
        let estimate = try #require(try await pair.client.estimateVoice(request).message.estimates.last)
        let anger = try #require(estimate.categories.first { $0.name == "Anger" })
        #expect(abs(anger.intensity - (0.5 + 0.5 * Float(Category.anger.number) / 40) / 2) < 1e-6 && anger.disagreement != nil)
        #expect(estimate.members[0].predictionSet?.coverage == 0.9 && estimate.members[1].attributes.map(\.name) == ["Warm vs. Cold"] && estimate.attributes.isEmpty)
        // The wide one abstains on the first 19, as it would alone: there, and so in the mean.
        #expect(estimate.members[1].categories.filter(\.abstained).count == 19 && estimate.categories.filter(\.abstained).count == 19)
        #expect(estimate.categories.suffix(19).allSatisfy { $0.rank == 0 && $0.intensity == 0 })
        await pair.close()
    }

    // MARK: Shadows

    @Test func aShadowTellsTheDifferenceAndChangesNothing() async throws {
        let pair = HostPair([faces("one", anger: 0.25), faces("two", anger: 0.75), faces("absent", models: ["absent"]), faces("broken", failure: ScoresNotFinite("NaN"))]) {
            $0.models = FakeModels(missing: ["absent"])
        }
        let alone = try await pair.client.estimateFace(face(.init())).message
        var answer = try await pair.client.estimateFace(face(.init(shadows: ["two", "absent", "broken"]))).message
        let shadows = answer.estimates[0].shadows
        answer.estimates[0].shadows = []
        #expect(answer == alone)
        #expect(shadows.map { $0.madeBy?.estimator } == ["two", "absent", "broken"])
        #expect(shadows[0].differences == [Proto.Difference(name: "Anger", value: 0.5), Proto.Difference(name: "valence", value: 0)] && shadows[0].failure == nil)
        #expect(shadows[1].failure?.reason == "MODEL_MISSING" && shadows[2].failure?.reason == "SCORES_NOT_FINITE" && shadows[1].differences.isEmpty)
        await pair.close()
    }

    @Test func streamsHaveThemToo() async throws {
        let pair = HostPair([absentVoice, FakeVoice().factory, WideVoice().factory, FakeVoice("other").factory]) { $0.models = FakeModels(missing: ["absent"]) }
        let start = Proto.WatchVoiceStart(
            format: .init(samples: .f32le, rate: 16_000), estimator: "absent", interval: 0, routing: .init(fallbacks: ["fake-voice"], shadows: ["wide-voice", "other"]))
        let stream = try await pair.client.watchVoice()
        try await stream.send(.init(kind: .start(start)))
        try await stream.send(.init(kind: .samples(sound.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) })))
        stream.halfClose()
        var warnings: [String] = [], estimates: [Proto.Estimate] = [], ready = ""
        while let event = try await stream.next() {
            switch event.kind {
            case .ready(let about)?: ready = about.estimator
            case .warning(let warning)?: warnings.append(warning.reason)
            case .utterance(let estimate)?: estimates.append(estimate)
            default: break
            }
        }
        #expect(ready == "fake-voice" && warnings == ["FELL_BACK"] && estimates.count == 1)
        #expect(estimates[0].madeBy?.estimator == "fake-voice" && estimates[0].shadows.map { $0.madeBy?.estimator } == ["wide-voice", "other"])
        let wide = 0.5 * Float(Category.anger.number) / 40 - 0.5
        #expect(estimates[0].shadows[0].differences.count == 1 && abs(estimates[0].shadows[0].differences[0].value - wide) < 1e-6)
        #expect(estimates[0].shadows[1].differences.map(\.value) == [0, 0])
        await pair.close()
    }

    @Test func aNeutralVoiceIsTheFirstOnes() async throws {
        let pair = HostPair([absentVoice, WideVoice().factory]) { $0.models = FakeModels(missing: ["absent"]) }
        var request = Proto.EstimateVoiceRequest.sound(sound, estimator: "absent", options: .init(neutral: [.init(label: "angry", score: 0.1)]))
        request.routing = .init(fallbacks: ["wide-voice"])
        let answer = try await pair.client.estimateVoice(request).message
        #expect(answer.warnings.map(\.reason) == ["FELL_BACK", "NEUTRAL_UNUSED"])
        request.estimator = ""
        request.routing = .init(ensemble: [.init(estimator: "absent"), .init(estimator: "wide-voice")])
        let error = await #expect(throws: CallError.self) { _ = try await pair.client.estimateVoice(request) }
        #expect(error?.reason == "NEUTRAL_LABEL_UNKNOWN" && error?.message.contains("ensemble has no native labels") == true)
        await pair.close()
    }

    // MARK: What a caller can get wrong

    struct Mistake: Sendable, CustomTestStringConvertible {
        var routing: Proto.Routing
        var estimator = ""
        var categories: [String] = []
        var reason: String, field: String
        var testDescription: String { "\(reason) \(field) \(routing)" }
    }

    private static func members(_ members: (String, Float)...) -> Proto.Routing { Proto.Routing(ensemble: members.map { .init(estimator: $0.0, weight: $0.1) }) }

    @Test(arguments: [
        Mistake(routing: .init(policy: .fast), estimator: "one", reason: "ROUTING_CONFLICT", field: "routing.policy"),
        Mistake(routing: .init(policy: Proto.Policy(rawValue: 99)), reason: "FIELD_OUT_OF_RANGE", field: "routing.policy"),
        Mistake(routing: .init(fallbacks: ["nobody"]), reason: "ESTIMATOR_UNKNOWN", field: "estimator"),
        Mistake(routing: .init(fallbacks: ["fake-voice"]), reason: "ESTIMATOR_MODALITY", field: "estimator"),
        Mistake(routing: .init(fallbacks: [""]), reason: "FIELD_MISSING", field: "routing.fallbacks"),
        Mistake(routing: .init(fallbacks: ["two", "two"]), reason: "ROUTING_CONFLICT", field: "routing.fallbacks"),
        Mistake(routing: .init(fallbacks: ["one"]), estimator: "one", reason: "ROUTING_CONFLICT", field: "routing.fallbacks"),
        Mistake(routing: .init(fallbacks: (0..<9).map { "\($0)" }), reason: "FIELD_OUT_OF_RANGE", field: "routing.fallbacks"),
        Mistake(routing: .init(shadows: ["nobody"]), reason: "ESTIMATOR_UNKNOWN", field: "estimator"),
        Mistake(routing: .init(shadows: ["one"]), estimator: "one", reason: "ROUTING_CONFLICT", field: "routing.shadows"),
        Mistake(routing: .init(shadows: (0..<5).map { "\($0)" }), reason: "FIELD_OUT_OF_RANGE", field: "routing.shadows"),
        Mistake(routing: members(("one", 1)), reason: "FIELD_OUT_OF_RANGE", field: "routing.ensemble"),
        Mistake(routing: members(("one", 1), ("one", 1)), reason: "ROUTING_CONFLICT", field: "routing.ensemble"),
        Mistake(routing: members(("one", 1), ("two", -1)), reason: "FIELD_OUT_OF_RANGE", field: "routing.ensemble"),
        Mistake(routing: members(("one", 1), ("two", .nan)), reason: "FIELD_OUT_OF_RANGE", field: "routing.ensemble"),
        Mistake(routing: members(("one", 1), ("two", .infinity)), reason: "FIELD_OUT_OF_RANGE", field: "routing.ensemble"),
        Mistake(routing: members(("one", 1), ("two", 1)), estimator: "one", reason: "ROUTING_CONFLICT", field: "routing.ensemble"),
        Mistake(routing: members(("one", 1), ("two", 1)), categories: ["awe"], reason: "CATEGORY_NOT_COVERED", field: "options.categories"),
        Mistake(routing: .init(fallbacks: ["two"]), estimator: "one", categories: ["awe"], reason: "CATEGORY_NOT_COVERED", field: "options.categories"),
    ]) func mistakesAreNamed(_ mistake: Mistake) async throws {
        let asked = Counter()
        let one = FakeFaces.factory("one") { picture, _, _ in
            asked.increment()
            return FakeFaces.answer(picture)
        }
        let pair = HostPair([one, faces("two"), FakeVoice().factory])
        let error = await pair.failure(face(mistake.routing, estimator: mistake.estimator, categories: mistake.categories))
        #expect(error?.reason == mistake.reason && error?.field == mistake.field, "\(String(describing: error))")
        #expect(error?.code == .invalidArgument || error?.code == .notFound)
        #expect(asked.value == 0)
        await pair.close()
    }
}
