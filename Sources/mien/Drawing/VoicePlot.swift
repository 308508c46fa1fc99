import MienMessages

/// A recording over time: its waveform with the utterances, the probabilities of its emotions, arousal and valence.
struct VoicePlot {
    static let width = 1000, height = 520

    /// Least and greatest sample of equal stretches of a recording, for drawing.
    struct Envelope {
        private(set) var columns: [(low: Float, high: Float)]
        private let expected: Int
        private var position = 0

        /// - Parameter count: Samples to come, as far as is known.
        init(count: Int) {
            columns = Array(repeating: (0, 0), count: VoicePlot.columns)
            expected = max(count, 1)
        }

        mutating func add(_ samples: [Float]) {
            for sample in samples {
                let column = min(position * columns.count / expected, columns.count - 1)
                columns[column] = (min(columns[column].low, sample), max(columns[column].high, sample))
                position += 1
            }
        }
    }

    let file: String
    let answer: Proto.EstimateVoiceResponse
    let envelope: Envelope

    private static let ink = Canvas.Colour(40, 44, 52), grey = Canvas.Colour(140, 145, 155), faint = Canvas.Colour(226, 229, 234)
    private static let colours: [Canvas.Colour] = [.init(214, 69, 65), .init(36, 113, 163), .init(39, 155, 96), .init(142, 68, 173)]
    private static let left: Float = 70, right: Float = 820
    /// Columns of the waveform: one per pixel.
    static let columns = 750

    /// Draws everything, on a surface of `width` x `height`.
    func draw(on surface: inout some PlotSurface) {
        let duration = max(answer.audio?.duration ?? 0, 0.001)
        surface.fill(left: 0, top: 0, width: Float(Self.width), height: Float(Self.height), .white, opacity: 1)
        surface.write(file, x: Self.left, top: 16, size: 11, Self.ink, anchor: 0)
        func x(_ seconds: Double) -> Float { Self.left + Float(seconds / duration) * (Self.right - Self.left) }

        let wave = (top: Float(44), height: Float(110))
        for utterance in answer.utterances {
            surface.fill(left: x(utterance.start), top: wave.top, width: x(utterance.end) - x(utterance.start), height: wave.height, .init(255, 236, 200), opacity: 1)
        }
        surface.write("speech", x: Self.right + 12, top: wave.top + wave.height / 2 - 5, size: 9, .init(200, 140, 40), anchor: 0)
        let peak = max(envelope.columns.reduce(0) { max($0, $1.high, -$1.low) }, 0.01), step = (Self.right - Self.left) / Float(envelope.columns.count)
        for (column, range) in envelope.columns.enumerated() {
            let middle = wave.top + wave.height / 2, scale = wave.height / 2 / peak
            surface.fill(left: Self.left + Float(column) * step, top: middle - range.high * scale, width: step, height: max((range.high - range.low) * scale, 0.7), Self.ink, opacity: 0.8)
        }

        let strength = answer.estimates.allSatisfy(VoiceReport.isCalibrated) ? "probability" : "intensity"
        panel(strength, top: 180, height: 130, from: 0, to: 1, series: strongest(4), on: &surface, x)
        panel("-1 to 1", top: 340, height: 110, from: -1, to: 1, series: ["arousal", "valence"].map { name in
            (name, answer.estimates.map { $0.dimensions.first { $0.name == name }?.value ?? 0 })
        }, on: &surface, x)

        let every = tick(duration)
        for index in 0...Int(duration / every) {
            let time = Double(index) * every
            surface.line([(x(time), 456), (x(time), 461)], width: 1, Self.grey)
            surface.write(every < 1 ? fixed(Float(time), 1) : clock(time), x: x(time), top: 467, size: 8, Self.grey, anchor: 0.5)
        }
        surface.write("Estimates of what the voice expresses, not of what somebody feels.", x: Self.left, top: 495, size: 8, Self.grey, anchor: 0)
    }

    private func panel(
        _ title: String, top: Float, height: Float, from low: Float, to high: Float, series: [(name: String, values: [Float])],
        on surface: inout some PlotSurface, _ x: (Double) -> Float
    ) {
        func y(_ value: Float) -> Float { top + height - (min(max(value, low), high) - low) / (high - low) * height }
        for value in [low, (low + high) / 2, high] {
            surface.line([(Self.left, y(value)), (Self.right, y(value))], width: 1, Self.faint)
            surface.write(fixed(value, 1), x: Self.left - 8, top: y(value) - 4, size: 8, Self.grey, anchor: 1)
        }
        for (index, line) in series.enumerated() {
            let colour = Self.colours[index % Self.colours.count]
            // A step for each estimate, joined where they follow each other.
            var previous: (end: Double, y: Float)?
            for (estimate, value) in zip(answer.estimates, line.values) {
                guard case .voice(let segment)? = estimate.subject, value.isFinite else { continue }
                // Windows overlap: each is drawn up to the beginning of what is new in the next.
                let start = max(segment.start, previous?.end ?? 0)
                guard segment.end > start else { continue }
                if let previous, start - previous.end < 0.3 { surface.line([(x(previous.end), previous.y), (x(start), y(value))], width: 2, colour) }
                surface.line([(x(start), y(value)), (x(segment.end), y(value))], width: 2, colour)
                previous = (segment.end, y(value))
            }
            surface.write(line.name, x: Self.right + 12, top: top + 4 + Float(index) * 18, size: 9, colour, anchor: 0)
        }
        surface.write(title, x: Self.left, top: top - 14, size: 8, Self.grey, anchor: 0)
    }

    /// The classes that are strongest somewhere.
    private func strongest(_ count: Int) -> [(name: String, values: [Float])] {
        guard let first = answer.estimates.first else { return [] }
        let names = Dictionary(VoiceReport.classes(of: first).enumerated().map { ($0.offset, $0.element.name) }, uniquingKeysWith: { first, _ in first })
        let all = names.values.map { name in
            (name: name, values: answer.estimates.map { estimate in VoiceReport.classes(of: estimate).first { $0.name == name }?.value ?? 0 })
        }
        return Array(all.sorted { ($0.values.max() ?? 0, $1.name) > ($1.values.max() ?? 0, $0.name) }.prefix(count))
    }

    /// Seconds between two marks of the axis.
    private func tick(_ duration: Double) -> Double {
        [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600].first { duration / $0 <= 12 } ?? 7200
    }
}
