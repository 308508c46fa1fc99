import Foundation
import InferenceCore
@testable import MienMedia
import MienNetworks
import Testing

@Suite struct LogMelTests {
    // MARK: Against other implementations

    /// Made by Scripts/reference/log_mel.py, in float64.
    private struct Numbers: Decodable {
        var samples: Data, mels80: Data, mels128: Data, padded: Data, cut: Data, short: Data

        static func load() throws -> Numbers { try JSONDecoder().decode(Numbers.self, from: Data(Fixture.bytes("log_mel.json"))) }

        var audio: [Float] { samples.withUnsafeBytes { $0.bindMemory(to: Int16.self).map { Float(Int16(littleEndian: $0)) / 32768 } } }
    }

    private static func floats(_ data: Data) -> [Float] {
        data.withUnsafeBytes { $0.bindMemory(to: UInt32.self).map { Float(bitPattern: UInt32(littleEndian: $0)) } }
    }

    @Test func agreesWithFloat64() throws {
        let numbers = try Numbers.load(), audio = numbers.audio
        let eighty = LogMel(mels: 80)
        #expect(difference(try LogMel(mels: 128).features(of: audio), Self.floats(numbers.mels128), [12, 128]) < 5e-5)
        #expect(difference(try eighty.features(of: audio), Self.floats(numbers.mels80), [12, 80]) < 5e-5)
        #expect(difference(try eighty.features(of: audio, window: 16), Self.floats(numbers.padded), [16, 80]) < 5e-5)
        #expect(difference(try eighty.features(of: audio, window: 5), Self.floats(numbers.cut), [5, 80]) < 5e-5)
        #expect(difference(try eighty.features(of: Array(audio[..<170])), Self.floats(numbers.short), [1, 80]) < 5e-5)
    }

    private static let reference: String? = {
        let shared = ProcessInfo.processInfo.environment["MIEN_SHARED"] ?? Fixture.folder.appending(path: "../../../../shared").standardized.path
        let path = "\(shared)/reference/mel.safetensors"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }()

    @Test(.enabled(if: reference != nil, "needs the reference vectors (MIEN_SHARED)")) func agreesWithTransformers() throws {
        let file = try Safetensors(path: #require(Self.reference))
        let features = try LogMel(mels: 80).features(of: file.floats(named: "input.audio"), window: 3000)
        #expect(features.shape == [3000, 80])
        let values = features.values
        /// From `[mels, frames]`.
        func expected(_ name: String) throws -> [Float] {
            let stored = try file.floats(named: name), frames = stored.count / 80
            return (0..<frames).flatMap { frame in (0..<80).map { stored[$0 * frames + frame] } }
        }
        #expect(largest(values[..<(300 * 80)], try expected("expected.log_mel_f64_first300")) < 5e-5)
        #expect(largest(values[..<(300 * 80)], try expected("expected.log_mel_first300")) < 5e-5)
        #expect(largest(values[(300 * 80)..<(400 * 80)], try expected("expected.log_mel_300_to_400")) < 5e-5)
        let means = (0..<3000).map { values[$0 * 80..<$0 * 80 + 80].reduce(0, +) / 80 }
        #expect(largest(means[...], try file.floats(named: "expected.frame_mean")) < 2e-5)

        let bins = try file.floats(named: "mel_filters_201x80")
        for (mel, filter) in MelFilters.slaney(count: 80, frameLength: 400, sampleRate: 16_000).enumerated() {
            #expect(largest(filter[...], (0...200).map { bins[$0 * 80 + mel] }) < 1e-8)
        }
    }

    private func largest(_ values: ArraySlice<Float>, _ expected: [Float]) -> Float {
        guard values.count == expected.count else { return .infinity }
        return zip(values, expected).reduce(0) { $1.0.isNaN || $1.1.isNaN ? .infinity : max($0, abs($1.0 - $1.1)) }
    }

    private func difference(_ features: Tensor, _ expected: [Float], _ shape: Shape) -> Float {
        features.shape == shape ? largest(features.values[...], expected) : .infinity
    }

    // MARK: The same frames, however they are asked for

    private static func noise(_ count: Int, seed: UInt64 = 1) -> [Float] {
        var generator = SeededGenerator(state: seed)
        return (0..<count).map { _ in Float.random(in: -0.5...0.5, using: &generator) }
    }

    private func bits(_ values: some Sequence<Float>) -> [UInt32] { values.map(\.bitPattern) }

    @Test func threadsDoNotChangeTheResult() throws {
        let audio = Self.noise(100_000)
        let one = try LogMel(mels: 80, pool: WorkerPool(threads: 1)).features(of: audio)
        #expect(one.shape == [625, 80])
        for threads in [2, 3, 7] {
            #expect(bits(try LogMel(mels: 80, pool: WorkerPool(threads: threads)).features(of: audio).values) == bits(one.values))
        }
    }

    @Test func silenceAfterAClipIsAsIfItWereSamples() throws {
        let logMel = LogMel(mels: 80)
        for count in [0, 1, 39, 40, 41, 159, 160, 200, 201, 359, 360, 1000, 4759, 4760, 4800] {
            let audio = Self.noise(count), padded = audio + [Float](repeating: 0, count: 4800 - count)
            #expect(bits(try logMel.features(of: audio, window: 30).values) == bits(try logMel.features(of: padded).values), "\(count) samples")
        }
    }

    /// What a stream gives for `audio` in chunks of the sizes that `next` says.
    private func streamed(_ audio: [Float], _ stream: inout LogMelStream, next: () -> Int) -> [Float] {
        var rows: [Float] = [], position = 0
        while position < audio.count {
            let end = min(audio.count, position + next())
            stream.append(audio[position..<end], to: &rows)
            position = end
            // Each frame as soon as its samples are there.
            #expect(stream.frames == (position > 200 ? (position - 200) / 160 + 1 : 0))
            #expect(rows.count == stream.frames * stream.logMel.mels)
        }
        stream.finish(to: &rows)
        return rows
    }

    @Test func aStreamGivesTheFramesOfTheClipToTheBit() throws {
        let logMel = LogMel(mels: 80)
        var stream = LogMelStream(logMel)
        for count in [0, 1, 2, 40, 159, 160, 161, 200, 201, 202, 319, 320, 359, 360, 361, 400, 1000, 5000] {
            let audio = Self.noise(count, seed: UInt64(count))
            let clip = bits(try logMel.features(of: audio).values)
            for size in [1, 7, 159, 160, 161, 200, 201, 400, 999, 10_000] {
                let rows = streamed(audio, &stream) { size }
                #expect(bits(try logMel.features(ofLogarithms: rows).values) == clip, "\(count) samples in chunks of \(size)")
            }
        }
    }

    @Test func chunksOfAnySizeWillDo() throws {
        let logMel = LogMel(mels: 80), audio = Self.noise(30_000)
        var stream = LogMelStream(logMel), generator = SeededGenerator(state: 9)
        let clip = bits(try logMel.features(of: audio).values)
        for _ in 0..<10 {
            let rows = streamed(audio, &stream) { Int.random(in: 1...1000, using: &generator) }
            #expect(bits(try logMel.features(ofLogarithms: rows).values) == clip)
        }
    }

    // MARK: Levels

    @Test func silenceIsLevel() throws {
        // log10(1e-10) is -10, and nothing is 8 below it.
        for mels in [1, 80, 128] {
            let features = try LogMel(mels: mels).features(of: [Float](repeating: 0, count: 1600))
            #expect(features.shape == [10, mels] as Shape)
            #expect(features.values.allSatisfy { abs($0 + 1.5) <= 1e-6 && $0 == features.values[0] })
            #expect(try LogMel(mels: mels).features(of: [], window: 3).values == [Float](repeating: features.values[0], count: 3 * mels))
        }
    }

    @Test func tooFewSamplesHaveNoFrames() throws {
        let logMel = LogMel(mels: 80)
        for count in [0, 1, 159] { #expect(try logMel.features(of: Self.noise(count)).shape == [0, 80]) }
        #expect(try logMel.features(of: Self.noise(160)).shape == [1, 80])
        #expect(try logMel.features(of: Self.noise(500), window: 0).shape == [0, 80])
        #expect(try logMel.features(ofLogarithms: []).shape == [0, 80])
    }

    @Test func aWindowHasItsOwnRange() throws {
        let logMel = LogMel(mels: 80)
        // Loud, then 60 dB less: alone, the second half keeps what the first would drown.
        let audio = Self.noise(8000).map { $0 * 1.9 } + Self.noise(8000, seed: 2).map { $0 * 1e-4 }
        var stream = LogMelStream(logMel), rows: [Float] = []
        stream.append(audio, to: &rows)
        stream.finish(to: &rows)
        #expect(rows.count == 100 * 80)
        let quiet = rows[(60 * 80)...], window = try logMel.features(ofLogarithms: quiet, window: 45)
        #expect(window.shape == [45, 80])
        let top = try #require(quiet.max()), silence = log10(Float(1e-10))
        let expected = (Array(quiet) + [Float](repeating: silence, count: 5 * 80)).map { (max($0, top - 8) + 4) / 4 }
        #expect(largest(window.values[...], expected) <= 1e-6)
        #expect(try logMel.features(ofLogarithms: rows, window: 100).values.min() == (rows.max()! - 8 + 4) / 4)
        let first = quiet.prefix(10 * 80)
        #expect(bits(try logMel.features(ofLogarithms: quiet, window: 10).values) == bits(try logMel.features(ofLogarithms: first).values))
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity, 1e25]) func samplesThatAreNotFiniteAreRefused(strange: Float) throws {
        let logMel = LogMel(mels: 80)
        var audio = Self.noise(20_000)
        audio[10_000] = strange
        // Frame 62 covers 9720 ..< 10120, frame 61 ends at 9960.
        #expect(throws: LogMelError(frame: 62)) { try logMel.features(of: audio) }
        #expect(throws: LogMelError(frame: 62)) { try logMel.features(of: audio, window: 3000) }
        #expect("\(LogMelError(frame: 62))" == "audio holds samples that are not finite, or far too large, near 0.62 s")

        // In a stream they spoil the frames that hear them, and no others.
        var stream = LogMelStream(logMel), rows: [Float] = []
        stream.append(audio, to: &rows)
        let spoilt = (0..<rows.count / 80).filter { frame in rows[frame * 80..<frame * 80 + 80].contains { $0.isNaN } }
        #expect(spoilt == [62, 63])
        #expect(throws: LogMelError(frame: 2)) { try logMel.features(ofLogarithms: rows[(60 * 80)...]) }
        #expect(throws: Never.self) { try logMel.features(ofLogarithms: rows[(64 * 80)...]) }
    }
}
