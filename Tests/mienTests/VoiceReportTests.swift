@testable import mien
import MienMessages
import Testing

private func estimate(_ start: Double, _ end: Double, anger: Float, neutral: Float, arousal: Float, valence: Float, warnings: [String] = []) -> Proto.Estimate {
    Proto.Estimate(
        subject: .voice(.init(start: start, end: end, speech: end - start)),
        categories: [Proto.CategoryEstimate(name: "Anger", intensity: anger, nativeScore: anger, calibratedProbability: anger)],
        dimensions: [.init(name: "valence", value: valence), .init(name: "arousal", value: arousal)],
        nativeScores: [.init(label: "anger", score: anger), .init(label: "neutral", score: neutral)],
        warnings: warnings.map { Proto.Warning(reason: $0, message: "") })
}

private let answer = Proto.EstimateVoiceResponse(
    audio: .init(duration: 8, rate: 16_000, channels: 1, format: "wav"),
    estimates: [
        estimate(0.5, 1.5, anger: 0.25, neutral: 0.75, arousal: -0.5, valence: 0),
        estimate(2, 4, anger: 1, neutral: 0, arousal: 1, valence: -1, warnings: ["AUDIO_CLIPPED"]),
        estimate(6, 7.25, anger: 0, neutral: 1, arousal: 0, valence: 0.25),
    ], utterances: [.init(start: 0.5, end: 1.5), .init(start: 2, end: 4), .init(start: 6, end: 7.25)])

@Suite struct VoiceReportTests {
    @Test func aTableAndTheCourseOfArousalAndValence() {
        var report = VoiceReport(top: 1)
        report.add("call.wav", answer)
        report.add("quiet.wav", Proto.EstimateVoiceResponse(audio: .init(duration: 1), warnings: [.init(reason: "NO_SPEECH"), .init(reason: "AUDIO_QUIET")]))
        #expect(report.render(.plain) == [
            "FILE       TIME           EMOTION    PROBABILITY            AROUSAL  VALENCE  NOTE",
            "call.wav   0:00.5-0:01.5  neutral    0.75 ████████████        -0.50    +0.00",
            "           0:02.0-0:04.0  Anger      1.00 ████████████████    +1.00    -1.00  audio clipped",
            "           0:06.0-0:07.3  neutral    1.00 ████████████████    +0.00    +0.25",
            "quiet.wav  -              no speech                                           audio quiet",
            "The strongest of 2 is shown; --all shows all.",
            "",
            "call.wav, from 0:00.0 to 0:08.0, low to high:",
            "arousal         ▃                 █                              ▅",
            "valence         ▅                 ▁                              ▆",
        ])
    }

    @Test func anEstimatorWithoutCategoriesHasItsDimensionsShown() {
        var bare = answer.estimates[1]
        bare.categories = []
        var report = VoiceReport(top: nil)
        report.add("a.wav", Proto.EstimateVoiceResponse(estimates: [bare]))
        #expect(report.render(.plain).prefix(2) == [
            "FILE   TIME           EMOTION  INTENSITY  AROUSAL  VALENCE  NOTE",
            "a.wav  0:02.0-0:04.0  -                     +1.00    -1.00  audio clipped",
        ])
    }

    @Test func ofSomeCategoriesOnlyTheseAreShown() {
        var wanted = answer.estimates[1]
        wanted.coveredCategories = ["Anger", "Fear"]
        #expect(VoiceReport.classes(of: wanted).map(\.name) == ["Anger"])
        var intensities = wanted
        intensities.categories = [
            .init(name: "Pain", intensity: 0.5, rank: 1), .init(name: "Anger", intensity: 0.25, rank: 2), .init(name: "Awe", abstained: true),
        ]
        #expect(VoiceReport.classes(of: intensities).map(\.name) == ["Pain", "Anger"])
        intensities.categories.removeLast()
        intensities.coveredCategories = []
        var report = VoiceReport(top: nil)
        report.add("a.wav", Proto.EstimateVoiceResponse(estimates: [intensities]))
        #expect(report.render(.plain).prefix(3) == [
            "FILE   TIME           EMOTION  INTENSITY      AROUSAL  VALENCE  NOTE",
            "a.wav  0:02.0-0:04.0  Pain     0.50 ████████    +1.00    -1.00  audio clipped",
            "                      Anger    0.25 ████",
        ])
    }

    @Test func aLiveViewShowsTheStrongestOrAllOfAnUtterance() {
        let brief = LiveView(.plain, nil), full = LiveView(.plain, nil, all: true)
        let line = "0:00.5-0:01.5  neutral                0.75 ███████▌    valence +0.00  arousal -0.50"
        #expect(brief.utterance(answer.estimates[0]) == [line])
        #expect(full.utterance(answer.estimates[0]) == [line, "  Anger 0.25"])
    }

    @Test func aTerminalWithoutBlocksGetsLetters() {
        let terminal = Terminal(colours: false, unicode: false, width: 30, isInteractive: false)
        let lines = Timeline("a", answer).render(terminal)
        #expect(lines.allSatisfy { line in line.utf8.allSatisfy { (0x20..<0x7f).contains($0) } })
        #expect(lines[1].hasPrefix("arousal ") && lines[1].filter { $0 == "@" }.count == 1)
        #expect(lines[2].hasPrefix("valence ") && lines[2].filter { $0 == "_" }.count == 1)
    }

    @Test(arguments: [(0.0, "0:00.0"), (59.96, "1:00.0"), (61.25, "1:01.3"), (3599.99, "1:00:00.0"), (-1, "0:00.0")])
    func timesReadAsClocksDo(_ seconds: Double, _ text: String) {
        #expect(clock(seconds) == text)
    }

    @Test func aPlotShowsUtterancesCurvesAndAxis() {
        var envelope = VoicePlot.Envelope(count: 128_000)
        envelope.add((0..<128_000).map { $0 % 2 == 0 ? 0.5 : -0.25 })
        #expect(envelope.columns.allSatisfy { $0 == (-0.25, 0.5) })
        let plot = VoicePlot(file: "a<b>&.wav", answer: answer, envelope: envelope)
        var surface = SVGSurface(width: VoicePlot.width, height: VoicePlot.height)
        plot.draw(on: &surface)
        let document = surface.document
        #expect(document.contains(">a&lt;b&gt;&amp;.wav<"))
        // Speech from 0.5 s to 1.5 s of 8 s, on 750 pixels from 70.
        #expect(document.contains("<rect x=\"116.9\" y=\"44.0\" width=\"93.8\" height=\"110.0\" fill=\"rgb(255,236,200)\"/>"))
        for word in ["Anger", "neutral", "arousal", "valence", "0:08.0"] { #expect(document.contains(">\(word)<"), "\(word)") }
        var canvas = Canvas(width: VoicePlot.width, height: VoicePlot.height, pixels: [UInt8](repeating: 0, count: VoicePlot.width * VoicePlot.height * 3))
        plot.draw(on: &canvas)
        let speech = (150 * VoicePlot.width + 150) * 3  // below the waveform
        #expect(Array(canvas.pixels[speech..<speech + 3]) == [255, 236, 200])
    }
}
