import Foundation
import MienMedia
import Testing

@Suite struct AudioSourceTests {
    private func sine(_ count: Int, rate: Int, _ frequency: Double = 440) -> [Float] {
        (0..<count).map { Float(0.5 * sin(2 * .pi * frequency * Double($0) / Double(rate))) }
    }

    @Test(arguments: AudioFixture.names) func everyRecordingBecomesBlocksOfMonoAt16kHz(name: String) throws {
        let expected = try #require(AudioFixture.expected[name])
        let bytes = try AudioFixture.bytes(name)
        let source = try AudioSource(bytes, blockLength: 160)
        let samples = try source.all(blockLength: 160)
        #expect(samples.count == Int((Double(expected.frames) * 16_000 / Double(expected.rate)).rounded()))
        if let stated = source.expectedCount { #expect(stated == samples.count) }
        #expect(try AudioSource(bytes, blockLength: 512).all(blockLength: 512) == samples)
        #expect(source.quality.sampleRate == expected.rate && source.quality.channels == expected.channels)
        #expect(abs(source.quality.duration - Double(expected.frames) / Double(expected.rate)) < 1e-9)
    }

    @Test func channelsAreMixedToTheirMean() throws {
        let frames: [[Float]] = (0..<1000).map { [Float($0) / 1000, -0.25, 0.5] }
        let source = try AudioSource(RawPCMReader(RawPCM(.f32le, sampleRate: 16_000, channels: 3), floatBytes(frames.flatMap { $0 })))
        let samples = try source.all(blockLength: 8192)
        #expect(zip(samples, frames).allSatisfy { abs($0 - $1.reduce(0, +) / 3) < 1e-6 } && samples.count == 1000)
    }

    @Test(arguments: [RawPCM.Encoding.s16le, .f32le], [1, 2, 3]) func chunksMayEndAnywhere(encoding: RawPCM.Encoding, channels: Int) throws {
        var generator = SeededGenerator(state: 6)
        let layout = try RawPCM(encoding, sampleRate: 22_050, channels: channels)
        let values = (0..<(3000 * channels)).map { _ in Int.random(in: -32_768...32_767, using: &generator) }
        let bytes = encoding == .s16le ? values.flatMap { little($0, 2) } : floatBytes(values.map { Float($0) / 32_768 })
        let whole = try RawPCMReader(layout, bytes).all()
        #expect(whole == values.map { Float($0) / 32_768 })
        for longest in [1, 3, 7, 1000] {
            var rest = bytes[...]
            let reader = RawPCMReader(layout) {
                guard !rest.isEmpty else { return nil }
                defer { rest = rest.dropFirst(longest) }
                return Array(rest.prefix(Int.random(in: longest...longest, using: &generator)))
            }
            #expect(try reader.all(frames: 13) == whole, "chunks of \(longest)")
            #expect(reader.warnings.isEmpty)
        }
    }

    @Test func chunksMayBeEmptyAndTheLastFrameMayBeIncomplete() throws {
        var chunks: [[UInt8]] = [[], [1], [], [0, 2], [0], [], [3]]
        let reader = RawPCMReader(try RawPCM(.s16le, sampleRate: 8000, channels: 1)) { chunks.isEmpty ? nil : chunks.removeFirst() }
        #expect(try reader.all() == [1 / 32_768, 2 / 32_768])
        #expect(reader.warnings.map(\.reason) == [.truncated])
        #expect(try AudioSource(RawPCMReader(RawPCM(.f32le, sampleRate: 8000, channels: 2), [])).next() == nil)
    }

    /// A block is given as soon as its samples are there.
    @Test func liveStreamsAreNotHeldUp() throws {
        var asked = 0
        let reader = RawPCMReader(try RawPCM(.s16le, sampleRate: 16_000, channels: 1)) {
            asked += 1
            return [UInt8](repeating: 0, count: 1024)
        }
        let source = try AudioSource(reader, blockLength: 512)
        for count in 1...10 {
            #expect(try source.next()?.start == (count - 1) * 512)
            #expect(asked == count)
        }
    }

    @Test func errorsOfTheSenderComeThrough() throws {
        struct Hangup: Error {}
        let reader = RawPCMReader(try RawPCM(.s16le, sampleRate: 16_000, channels: 1)) { throw Hangup() }
        let source = try AudioSource(reader)
        #expect(throws: Hangup.self) { try source.next() }
    }

    @Test func rawLayoutsAreChecked() {
        for (rate, channels) in [(0, 1), (-5, 1), (800_000, 1), (16_000, 0), (16_000, 65), (16_000, Int.max)] {
            #expect(throws: AudioError.self) { try RawPCM(.s16le, sampleRate: rate, channels: channels) }
        }
        #expect(throws: AudioError.self) { try AudioSource(RawPCMReader(RawPCM(.s16le, sampleRate: 10, channels: 1), [])) }
    }

    @Test func endlessStreamsEndAtTheLimit() throws {
        var limits = AudioLimits()
        limits.maximumSeconds = 3
        let source = try AudioSource(RawPCMReader(RawPCM(.s16le, sampleRate: 8000, channels: 1), limits: limits) { [UInt8](repeating: 0, count: 5000) })
        #expect(throws: AudioError.self) { while try source.next() != nil {} }
        #expect(source.quality.duration < 5)
    }

    @Test func samplesThatAreNoNumbersBecomeSilence() throws {
        var samples = sine(4000, rate: 44_100)
        for (index, value) in [Float.nan, .infinity, -.infinity, .signalingNaN, 3e38, -2e20].enumerated() { samples[100 + index * 50] = value }
        let source = try AudioSource(wav(tag: 3, rate: 44_100, bits: 32, floatBytes(samples)))
        let output = try source.all(blockLength: 8192)
        #expect(output.allSatisfy { abs($0) < 1 })
        #expect(source.quality.unusableSamples == 6)
        #expect(source.quality.peak < -6)
    }

    /// Two hours, most of them a hole in the file, pass through; the file has 230 MB and would have 460 MB as numbers. In a process of its own: other tests would take memory beside it.
    @Test func longRecordingsPassInConstantMemory() async throws {
        let count = 2 * 3600 * 16_000
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).wav").path
        try Data(wav(statedBytes: count * 2, [])).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        let mark = sine(16_000, rate: 16_000).flatMap { little(Int($0 * 32_767), 2) }
        try handle.seek(toOffset: UInt64(44 + count * 2 - mark.count))
        try handle.write(contentsOf: mark)
        try handle.close()
        await #expect(processExitsWith: .success) { [path = path as String, count = count as Int] in try Self.readInConstantMemory(path, count) }
    }

    private static func readInConstantMemory(_ path: String, _ count: Int) throws {
        let source = try AudioSource(path: path)
        #expect(source.expectedCount == count)
        let before = residentBytes()
        var position = 0, loud = 0, largest = 0
        while let block = try source.next() {
            #expect(block.start == position)
            position += block.samples.count
            if block.samples.contains(where: { abs($0) > 0.4 }) { loud += 1 }
            if position % (8192 * 1000) == 0 { largest = max(largest, residentBytes() - before) }
        }
        #expect(position == count && loud == 3 && source.warnings.isEmpty)
        #expect(largest < 50 << 20)
        #expect(source.quality.silent > 0.999)
    }

    private static func residentBytes() -> Int {
        #if os(Linux)
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
        #else
        return 0
        #endif
    }
}
