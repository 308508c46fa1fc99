import Foundation
import MienMedia
import Testing

@Suite struct ResamplerTests {
    private func resample(_ samples: [Float], from rate: Int, blocks: () -> Int = { 1 << 20 }) throws -> [Float] {
        let resampler = try Resampler(from: rate)
        var output: [Float] = [], start = 0
        while start < samples.count {
            let end = min(samples.count, start + blocks())
            samples[start..<end].withUnsafeBufferPointer { resampler.process($0, appendingTo: &output) }
            start = end
        }
        resampler.finish(appendingTo: &output)
        return output
    }

    private func tones(_ frequencies: [Double], rate: Int, count: Int) -> [Double] {
        (0..<count).map { n in frequencies.reduce(0) { $0 + sin(2 * .pi * $1 * Double(n) / Double(rate) + $1) } / Double(frequencies.count) }
    }

    private func decibels(_ samples: some Collection<Double>) -> Double {
        10 * log10(samples.reduce(0) { $0 + $1 * $1 } / Double(samples.count))
    }

    /// The resampled sines are the sines of the output's times, delay and all, to -100 dB of their level.
    @Test(arguments: [7919, 8000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000, 768_000])
    func sinesStaySines(rate: Int) throws {
        let limit = min(6300, Double(rate) * 0.39)
        let frequencies = [0.013, 0.11, 0.29, 0.53, 0.77, 0.98].map { $0 * limit }
        let output = try resample(tones(frequencies, rate: rate, count: rate / 2).map { Float($0) }, from: rate)
        #expect(output.count == Resampler.outputCount(of: rate / 2, rate: rate))
        let ideal = tones(frequencies, rate: 16_000, count: output.count)
        // At both ends the sound begins and stops at once, which a band-limited filter spreads.
        let middle = 800..<(output.count - 800)
        let error = decibels(middle.map { Double(output[$0]) - ideal[$0] }), level = decibels(ideal[middle])
        #expect(error - level < -100, "\(error - level) dB")
    }

    @Test func whatCannotBeHeldIsTakenOut() throws {
        for frequency in [8300.0, 9000, 12_345, 16_000, 20_000] {
            let output = try resample(tones([frequency], rate: 48_000, count: 24_000).map { Float($0) }, from: 48_000)
            #expect(decibels(output[800..<7200].map { Double($0) }) < -100, "\(frequency) Hz")
        }
        let high = try resample(tones([7000], rate: 48_000, count: 24_000).map { Float($0) }, from: 48_000)
        #expect(abs(decibels(high[800..<7200].map { Double($0) }) + 3.01) < 0.5, "7 kHz stays")
    }

    @Test(arguments: [63, 8000, 16_000, 44_100, 48_000]) func blockLengthsDoNotMatter(rate: Int) throws {
        var generator = SeededGenerator(state: 5)
        let samples = (0..<min(rate, 20_000)).map { _ in Float.random(in: -1...1, using: &generator) }
        let whole = try resample(samples, from: rate)
        #expect(try resample(samples, from: rate, blocks: { Int.random(in: 1...777, using: &generator) }) == whole)
        #expect(try resample(samples, from: rate, blocks: { 1 }) == whole)
        if rate == 16_000 { #expect(whole == samples) }
    }

    @Test(arguments: [63, 999, 8000, 11_025, 16_000, 44_100, 48_000, 192_000]) func lengthsAreExact(rate: Int) throws {
        for count in [0, 1, 2, 3, 100, 441, 1000, 1237] {
            let expected = Int((Double(count) * 16_000 / Double(rate)).rounded())
            #expect(Resampler.outputCount(of: count, rate: rate) == expected)
            #expect(try resample([Float](repeating: 0.5, count: count), from: rate).count == expected, "\(count) frames")
        }
    }

    @Test func ratesThatCannotBeResampledAreRefused() {
        for rate in [-1, 0, 1, 62, 5_000_000] {
            #expect(throws: AudioError.self) { try Resampler(from: rate) }
        }
    }
}
