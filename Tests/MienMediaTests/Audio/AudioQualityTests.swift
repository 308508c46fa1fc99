import Foundation
import MienMedia
import Testing

@Suite struct AudioQualityTests {
    private func measure(_ samples: [Float], rate: Int = 16_000, channels: Int = 1, block: Int = 999) -> AudioQuality {
        var meter = AudioMeter(sampleRate: rate, channels: channels), samples = samples
        var mono = [Float](repeating: 0, count: block)
        for start in stride(from: 0, to: samples.count / channels, by: block) {
            let count = min(block, samples.count / channels - start)
            samples[(start * channels)..<((start + count) * channels)].withUnsafeMutableBufferPointer { part in
                mono.withUnsafeMutableBufferPointer { meter.measure(part, mixingInto: UnsafeMutableBufferPointer(rebasing: $0[..<count])) }
            }
        }
        return meter.quality
    }

    private func sine(_ amplitude: Double, count: Int = 16_000, frequency: Double = 100) -> [Float] {
        (0..<count).map { Float(amplitude * sin(2 * .pi * frequency * Double($0) / 16_000)) }
    }

    @Test func levelsAreThoseOfSox() throws {
        let source = try AudioSource(AudioFixture.bytes("stats.wav"))
        _ = try source.all(blockLength: 8192)
        let expected = AudioFixture.statistics, quality = source.quality
        // sox writes two digits of a decibel, six of the offset.
        #expect(abs(Double(quality.peak) - expected.peak) <= 0.006)
        #expect(abs(Double(quality.level) - expected.level) <= 0.006)
        #expect(abs(Double(quality.offset) - expected.offset) <= 1e-6)
    }

    @Test func levelsOfKnownWaves() {
        let quality = measure(sine(0.1))
        #expect(abs(quality.peak + 20) < 0.001 && abs(quality.level + 23.01) < 0.01 && abs(quality.offset) < 1e-6)
        #expect(quality.duration == 1 && quality.clipped == 0 && quality.silent == 0 && quality.unusableSamples == 0)
        let nothing = measure([])
        #expect(nothing.duration == 0 && nothing.peak == -150 && nothing.level == -150 && nothing.noiseFloor == nil && nothing.silent == 0)
        let zeros = measure([Float](repeating: 0, count: 40_000))
        #expect(zeros.level == -150 && zeros.silent == 1 && zeros.noiseFloor == nil)
        let constant = measure([Float](repeating: 0.25, count: 40_000))
        #expect(constant.offset == 0.25 && constant.silent == 1 && abs(constant.level + 12.04) < 0.01)
    }

    @Test(arguments: [1, 7, 320, 100_000]) func blockLengthsDoNotMatter(block: Int) {
        var generator = SeededGenerator(state: 7)
        let samples = (0..<20_000).map { _ in Float.random(in: -1.2...1.2, using: &generator) }
        let quality = measure(samples, channels: 2, block: block), reference = measure(samples, channels: 2, block: 4096)
        #expect(quality.clipped == reference.clipped && quality.peak == reference.peak && quality.noiseFloor == reference.noiseFloor)
        #expect(abs(quality.level - reference.level) < 1e-4 && abs(quality.offset - reference.offset) < 1e-6)
    }

    /// Against a count over whole runs.
    @Test func clippedSamplesAreThoseOfRuns() {
        var generator = SeededGenerator(state: 8)
        let left = sine(1.4).map { max(-1, min(1, $0)) }
        let right = (0..<16_000).map { _ in Float.random(in: -1.3...1.3, using: &generator) }
        var expected = 0
        for channel in [left, right] {
            for run in channel.split(whereSeparator: { abs($0) < 32_767 / 32_768 }) where run.count >= 3 { expected += run.count }
        }
        let quality = measure(zip(left, right).flatMap { [$0, $1] }, channels: 2)
        #expect(expected > 1000)
        #expect(abs(quality.clipped - Float(expected) / 32_000) < 1e-6)
        #expect(measure(sine(0.99)).clipped == 0)
    }

    /// Every encoding knows its own full scale.
    @Test(arguments: [(1, 8), (1, 16), (6, 8), (7, 8)]) func clippingIsFoundInCoarseEncodings(tag: Int, bits: Int) throws {
        // 8 bits unsigned, 16 bits, A-law and mu-law: their largest, then their least positive value.
        let (top, low): ([UInt8], [UInt8]) = switch (tag, bits) {
        case (1, 8): ([255], [129])
        case (1, 16): ([0xFF, 0x7F], [1, 0])
        case (6, 8): ([0xAA], [0xD5])
        default: ([0x80], [0xFE])
        }
        let data = (0..<400).flatMap { $0 % 4 == 0 ? low : top }
        let source = try AudioSource(wav(tag: tag, bits: bits, data))
        _ = try source.all(blockLength: 8192)
        #expect(source.quality.clipped == 0.75)
    }

    @Test func noiseFloorAndSignalAreTold() throws {
        var generator = SeededGenerator(state: 9)
        func noise(_ deviation: Float) -> Float { (0..<12).reduce(-6) { sum, _ in sum + Float.random(in: 0...1, using: &generator) } * deviation }
        for (deviation, amplitude) in [(Float(0.001), Float(0.1)), (0.0001, 0.5), (0.01, 0.2)] {
            // Half a second of tone, half a second of pause, over noise, with an offset that must not matter.
            let tone = sine(Double(amplitude), count: 160_000, frequency: 250)
            let samples = tone.enumerated().map { ($0.offset / 8000 % 2 == 0 ? $0.element : 0) + noise(deviation) + 0.05 }
            let quality = measure(samples)
            let floor = 20 * log10(deviation), ratio = 20 * log10(amplitude / 2.0.squareRoot().asFloat / deviation)
            #expect(abs(try #require(quality.noiseFloor) - floor) < 1.5, "\(deviation)")
            #expect(abs(try #require(quality.signalToNoise) - ratio) < 2, "\(deviation)")
        }
        #expect(measure((0..<4000).map { _ in noise(0.01) }).noiseFloor == nil, "a quarter of a second is too little")
    }
}

extension Double {
    fileprivate var asFloat: Float { Float(self) }
}
