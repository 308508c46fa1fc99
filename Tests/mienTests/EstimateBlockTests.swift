import MienMessages
@testable import mien
import MienReflection
import Testing

/// An answer of EmoNet's width: names of every length, ten on which the estimator abstains, attributes with and without a neutral value.
private let wide: Proto.Estimate = {
    let names = ["Elation", "Intoxication/Altered States of Consciousness", "Impatience and Irritability", "Awe"] + (5...30).map { "Category \($0)" }
    let spoken = names.enumerated().map { index, name in
        Proto.CategoryEstimate(name: name, intensity: 1 - Float(index) / 30, nativeScore: 7 - Float(index) / 5, nativeScale: .init(maximum: 7, meaning: "test"),
                               aboveNeutral: index == 3 ? nil : Float(2 - index), raterReliability: 0.5, rank: UInt32(index + 1))
    }
    let withheld = (31...40).map { Proto.CategoryEstimate(name: "Withheld \($0)", nativeScore: 3, nativeScale: .init(maximum: 7), aboveNeutral: 1, raterReliability: -0.1, abstained: true) }
    return Proto.Estimate(
        subject: .face(Proto.Face(box: Proto.Box(left: 181, top: 58, width: 88, height: 120), detectionConfidence: 0.93)),
        categories: spoken + withheld,
        dimensions: [.init(name: "valence", value: 0.35), .init(name: "arousal", value: -0.1)],
        coveredCategories: (spoken + withheld).map(\.name),
        warnings: [.init(reason: "FACE_SMALL")],
        attributes: [
            .init(name: "Warm vs. Cold", value: 0.8, scale: .init(minimum: -2, maximum: 2), lowEnd: "cold", highEnd: "warm", aboveNeutral: -0.25),
            .init(name: "Age", value: 3.25, scale: .init(minimum: 0, maximum: 6), lowEnd: "infant", highEnd: "very old"),
        ])
}()

private func report(_ top: Int? = nil) -> FaceReport {
    var report = FaceReport(top: top)
    report.add("photo.jpg", Proto.EstimateFaceResponse(estimates: [wide]))
    report.add("empty.png", Proto.EstimateFaceResponse())
    return report
}

@Suite("Blocks of wide estimates") struct EstimateBlockTests {
    @Test func theTenStrongestAreShownAndTheRestIsCounted() {
        let lines = report().render(.plain)
        #expect(Array(lines[..<6]) == [
            "photo.jpg  face 1/1  88x120+181+58  sure 0.93  face small",
            "   #  EMOTION                                       INTENSITY              SCORE 0..7  ABOVE NEUTRAL",
            "   1  Elation                                       1.00 ████████████████        7.00          +2.00",
            "   2  Intoxication/Altered States of Consciousness  0.97 ███████████████▌        6.80          +1.00",
            "   3  Impatience and Irritability                   0.93 ██████████████▉         6.60          +0.00",
            "   4  Awe                                           0.90 ██████████████▍         6.40",
        ])
        #expect(Array(lines[12...]) == [
            "  and 20 more; --all shows them",
            "  no estimate: raters do not agree about " + (31...40).map { "Withheld \($0)" }.joined(separator: ", "),
            "  valence +0.35  arousal -0.10",
            "  ATTRIBUTE      VALUE  ABOVE NEUTRAL",
            "  Warm vs. Cold   +0.8           -0.3  cold -2 ... +2 warm",
            "  Age              3.3                 infant 0 ... 6 very old",
            "",
            "empty.png  no face",
        ])
    }

    @Test(arguments: [80, 120]) func linesFitTheTerminal(_ width: Int) {
        let terminal = Terminal(colours: false, unicode: true, width: width, isInteractive: true)
        for top in [nil, 1, Int.max] {
            let lines = report(top).render(terminal)
            #expect(lines.allSatisfy { displayWidth($0) <= width }, "\(lines.filter { displayWidth($0) > width })")
        }
        let all = report(.max).render(terminal)
        #expect(all.contains { $0.contains("Category 30") } && !all.contains { $0.contains("more;") })
        #expect(all.contains { $0.contains("Intoxication/Altered States of Consciousness") } == (width == 120))
        let withheld = all.drop { !$0.hasPrefix("  no estimate") }.prefix { !$0.hasPrefix("  valence") }
        #expect(withheld.joined(separator: " ").split(separator: " ").joined(separator: " ")
                    == "no estimate: raters do not agree about " + (31...40).map { "Withheld \($0)" }.joined(separator: ", "))
    }

    @Test func endsOfAScaleThatDoNotFitStandBelow() {
        var detached = wide
        detached.attributes = [
            .init(name: "Age", value: 1, scale: .init(maximum: 6), lowEnd: "infant", highEnd: "very old", aboveNeutral: 0.5),
            .init(name: "Vulnerable vs. Emotionally Detached", value: 2.9, scale: .init(maximum: 4), lowEnd: "vulnerable", highEnd: "emotionally detached"),
        ]
        let terminal = Terminal(colours: false, unicode: true, width: 80, isInteractive: true)
        #expect(EstimateBlock(detached, top: 1).render(heading: ["a"], notes: "", terminal).suffix(4) == [
            "  ATTRIBUTE                 VALUE  ABOVE NEUTRAL",
            "  Age                         1.0           +0.5  infant 0 ... 6 very old",
            "  Vulnerable …lly Detached    2.9",
            "    vulnerable 0 ... 4 emotionally detached",
        ])
    }

    @Test func aTerminalWithoutBlocksGetsLetters() {
        let terminal = Terminal(colours: false, unicode: false, width: 80, isInteractive: true)
        #expect(report(.max).render(terminal).allSatisfy { line in line.utf8.allSatisfy { (0x20..<0x7f).contains($0) } })
    }

    @Test func scalesThatDifferStandBesideTheirScores() {
        var mixed = wide
        mixed.categories = Array(mixed.categories.prefix(2))
        mixed.categories[1].nativeScale = .init(minimum: -1, maximum: 2.5)
        let lines = EstimateBlock(mixed, top: nil).render(heading: ["a"], notes: "", .plain)
        #expect(lines[1].contains("SCORE  ") && lines[2].contains("7.00 of 0..7") && lines[3].contains("6.80 of -1..2.5"))
    }

    @Test func smallEstimatesKeepTheirTable() {
        #expect(!EstimateBlock.suits(ReportTests.twoFaces.estimates[0]))
        #expect(EstimateBlock.suits(Proto.Estimate(attributes: [.init(name: "Age")])))
        #expect(EstimateBlock.suits(Proto.Estimate(categories: [.init(name: "Awe", abstained: true)])))
        #expect(EstimateBlock.suits(Proto.Estimate(categories: [.init(name: "Awe", aboveNeutral: 0)])))
    }

    @Test func voicesHaveABlockForEachEstimate() {
        var first = wide
        first.subject = .voice(.init(start: 0.5, end: 2, speech: 1.5))
        var second = first
        second.subject = .voice(.init(start: 3, end: 4, speech: 1))
        var report = VoiceReport(top: 2)
        report.add("call.wav", Proto.EstimateVoiceResponse(audio: .init(duration: 5), estimates: [first, second]))
        report.add("quiet.wav", Proto.EstimateVoiceResponse(warnings: [.init(reason: "NO_SPEECH"), .init(reason: "AUDIO_QUIET")]))
        let lines = report.render(.plain)
        #expect(lines.filter { !$0.hasPrefix(" ") } == ["call.wav  0:00.5-0:02.0  face small", "", "call.wav  0:03.0-0:04.0  face small", "", "quiet.wav  no speech  audio quiet"])
        #expect(lines.count { $0 == "  and 28 more; --all shows them" } == 2)
    }

    @Test func theLiveViewShowsBlocksOnlyWhenAskedForAll() {
        #expect(LiveView(.plain, nil).utterance(wide).count == 1)
        #expect(LiveView(.plain, nil, all: true).utterance(wide).contains { $0.contains("Category 30") })
    }

    @Test(arguments: [("", 5, [""]), ("a bb ccc", nil, ["a bb ccc"]), ("a bb ccc", 4, ["a bb", "ccc"]), ("overlong b", 3, ["overlong", "b"])])
    func textIsCutBetweenWords(_ text: String, _ width: Int?, _ lines: [String]) {
        #expect(wrapped(text, to: width) == lines)
    }

    @Test func everyFieldSurvivesJSON() throws {
        let pool = try DescriptorPool(fileDescriptorSet: Proto.descriptorSet)
        let json = try pool.messageToJSON("mien.v1.Estimate", wide.encoded())
        #expect(try Proto.Estimate(decoding: pool.jsonToMessage("mien.v1.Estimate", json)) == wide)
        let options = Proto.VoiceOptions(categories: ["Awe"], minimumReliability: 0, neutral: [.init(label: "Awe", score: -0.5)])
        #expect(try Proto.VoiceOptions(decoding: pool.jsonToMessage("mien.v1.VoiceOptions", pool.messageToJSON("mien.v1.VoiceOptions", options.encoded()))) == options)
    }
}

@Suite("Blocks of ensembles and shadows") struct EnsembleBlockTests {
    private func member(_ id: String, _ intensities: (String, Float)...) -> Proto.MemberEstimate {
        Proto.MemberEstimate(madeBy: .init(estimator: id), weight: 1, categories: intensities.map { .init(name: $0.0, intensity: $0.1) })
    }

    private var estimate: Proto.Estimate {
        Proto.Estimate(
            categories: [.init(name: "Anger", intensity: 0.5, nativeScore: 0.5, rank: 1, disagreement: 0.25), .init(name: "Awe", intensity: 0.25, nativeScore: 0.25, rank: 2)],
            dimensions: [.init(name: "arousal", value: 0.5, disagreement: 0.1), .init(name: "valence", value: -0.25)], coveredCategories: ["Anger", "Awe"],
            members: [member("one", ("Anger", 0.25), ("Awe", 0.25)), member("two", ("Anger", 0.75))],
            shadows: [.init(madeBy: .init(estimator: "three"), differences: [.init(name: "Anger", value: 0.125), .init(name: "arousal", value: -0.5)]),
                      .init(madeBy: .init(estimator: "four"), failure: .init(code: 14, message: "it died")), .init(madeBy: .init(estimator: "five"))])
    }

    @Test func showWhatEachSays() {
        #expect(EstimateBlock.suits(estimate))
        #expect(EstimateBlock(estimate, top: nil).render(heading: ["a.wav"], notes: "", .plain) == [
            "a.wav",
            "  #  EMOTION  MEAN INTENSITY     ±   one   two",
            "  1  Anger    0.50 █████      0.25  0.25  0.75",
            "  2  Awe      0.25 ██▌              0.25     -",
            "  arousal +0.50 ±0.10  valence -0.25",
            "  beside it three: arousal -0.50, Anger +0.13",
            "  beside it four failed: it died",
            "  beside it five: speaks of nothing in common",
        ])
        let narrow = Terminal(colours: false, unicode: false, width: 60, isInteractive: true)
        #expect(EstimateBlock(estimate, top: nil).render(heading: ["a.wav"], notes: "", narrow)[1] == "  #  EMOTION  MEAN INTENSITY    +-")
    }
}
