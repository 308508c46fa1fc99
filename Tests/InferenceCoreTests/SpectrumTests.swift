import CInferenceKernels
import Foundation
import Testing

@testable import InferenceCore

@Suite("Spectra")
struct SpectrumTests {
    /// Lengths with every radix, with and without an odd transform to join, and with both kinds of half frequency.
    private static let lengths = [2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 16, 20, 24, 25, 30, 32, 36, 45, 48, 60, 64, 75, 80, 100, 120, 125, 128, 160, 200, 240, 400,
                                  512, 720]

    /// `[bins, lanes]` powers by a table.
    private func powers(_ kernels: mien_kernels, _ samples: [Float], frames: Int, hop: Int, window: [Float]) -> [Float] {
        let length = window.count, lanes = kernels.lanes
        var twiddles = [Float](repeating: 0, count: mien_fft_twiddle_count(length))
        var power = [Float](repeating: 0, count: (length / 2 + 1) * lanes), scratch = [Float](repeating: 0, count: 2 * length * lanes)
        twiddles.withUnsafeMutableBufferPointer { twiddles in
            var fft = mien_fft()
            mien_fft_plan(&fft, length, twiddles.baseAddress)
            kernels.power_spectra(&power, samples, frames, hop, window, &fft, &scratch)
        }
        return power
    }

    /// The bound is that of inference_kernels.h: 1e-6 of the norm of the windowed frame, on |X|.
    @Test("Powers are those of a double-precision DFT and of the scalar kernel", arguments: tableNames)
    func power(isa: String) {
        let kernels = table(isa), lanes = kernels.lanes
        for (seed, length) in Self.lengths.enumerated() {
            var random = Random(seed)
            let frames = Int.random(in: 1...lanes, using: &random), hop = Int.random(in: 1...length, using: &random)
            let samples = random.values((frames - 1) * hop + length), window = random.values(length)
            let got = powers(kernels, samples, frames: frames, hop: hop, window: window)
            for lane in 0..<lanes {
                let start = min(lane, frames - 1) * hop
                let frame = (0..<length).map { Double(samples[start + $0]) * Double(window[$0]) }
                let bound = 1e-6 * frame.reduce(0) { $0 + $1 * $1 }.squareRoot()
                let scalar = powers(tables[0], Array(samples[start..<start + length]), frames: 1, hop: 1, window: window)
                for bin in 0...length / 2 {
                    var (re, im) = (0.0, 0.0)
                    for (n, x) in frame.enumerated() {
                        let angle = 2 * Double.pi * Double(n * bin % length) / Double(length)
                        re += x * cos(angle)
                        im -= x * sin(angle)
                    }
                    let size = Double(got[bin * lanes + lane]).squareRoot()
                    #expect(abs(size - (re * re + im * im).squareRoot()) <= bound, "length \(length), bin \(bin), lane \(lane)")
                    #expect(abs(size - Double(scalar[bin]).squareRoot()) <= 2 * bound, "length \(length), bin \(bin), lane \(lane)")
                }
            }
        }
    }

    @Test("The logarithm is right to 6e-7 from 1e-10 to 1e10, and NaN for what is not finite", arguments: tableNames)
    func logarithm(isa: String) {
        let kernels = table(isa), lanes = kernels.lanes
        var random = Random(1)
        let first: [UInt32] = [0, 0], widths: [UInt32] = [1, 0], weights: [Float] = [1]
        func logarithms(_ powers: [Float]) -> [Float] {
            var result = [Float](repeating: 0, count: 2 * lanes)
            first.withUnsafeBufferPointer { first in widths.withUnsafeBufferPointer { widths in weights.withUnsafeBufferPointer { weights in
                var bank = mien_filter_bank(filters: 2, first: first.baseAddress, widths: widths.baseAddress, weights: weights.baseAddress,
                                            least: 1e-10)
                kernels.filter_logarithms(&result, powers, lanes, &bank)
            } } }
            return result
        }
        // Powers of two, their roots and the neighbours of both are where the mantissa's range begins and ends.
        let significands: [Float] = [1, 1.0000001, 1.9999999, Float(2).squareRoot(), Float(2).squareRoot().nextDown]
        for round in 0..<5000 {
            let powers = (0..<lanes).map { _ in
                round % 2 == 0 ? Float(pow(10, Double.random(in: -10...10, using: &random)))
                    : Float(sign: .plus, exponent: Int.random(in: -33...33, using: &random), significand: significands.randomElement(using: &random)!)
            }
            let result = logarithms(powers)
            for (lane, power) in powers.enumerated() {
                #expect(abs(Double(result[2 * lane]) - log10(max(1e-10, Double(power)))) <= 6e-7, "\(power)")
                // The filter without bins.
                #expect(abs(result[2 * lane + 1] + 10) <= 1e-6)
            }
        }
        for strange in [Float.nan, .infinity, -.infinity] {
            let result = logarithms([Float](repeating: strange, count: lanes))
            // A sum of minus infinity cannot come from powers; it counts as small.
            #expect(strange == -.infinity ? result[0] < -9.99 : result[0].isNaN)
        }
    }

    @Test("The largest value and the floor agree with plain loops", arguments: tableNames)
    func levels(isa: String) {
        let kernels = table(isa)
        for seed in 0..<100 {
            var random = Random(seed)
            let count = random.extent(kernels.lanes), x = random.values(count, in: -20...(-1))
            #expect(kernels.largest(x, count) == x.max())
            for strange in [Float.nan, .infinity, -.infinity] {
                var y = x
                y[Int.random(in: 0..<count, using: &random)] = strange
                #expect(kernels.largest(y, count).isNaN)
            }
            var y = [Float](repeating: 7, count: count + 1)
            kernels.floor_scale(&y, x, count, -9, 0.25, 1)
            #expect(y == x.map { max($0, -9) * 0.25 + 1 } + [7])
        }
        #expect(kernels.largest([], 0) == -.infinity)
    }

    @Test("A frame's logarithms depend neither on its lane, nor on the cut into calls, nor on threads", arguments: tableNames)
    func independence(isa: String) {
        var random = Random(3)
        let length = 60, hop = 7, frames = 301
        let filters = (0..<11).map { filter in (0...length / 2).map { $0 / 3 == filter ? Float($0 + 1) : 0 } }
        let spectrum = LogSpectrum(window: random.values(length), hop: hop, filters: filters, least: 1e-10, kernels: table(isa))
        let samples = random.values((frames - 1) * hop + length)
        func run(_ range: Range<Int>, threads: Int) -> [UInt32] {
            var result = [Float](repeating: 0, count: range.count * filters.count)
            samples[(range.lowerBound * hop)...].withUnsafeBufferPointer { samples in
                result.withUnsafeMutableBufferPointer { spectrum.run(samples, frames: range.count, to: $0, pool: WorkerPool(threads: threads)) }
            }
            return result.map(\.bitPattern)
        }
        let whole = run(0..<frames, threads: 1)
        #expect(Set(whole).count > 1000)
        #expect(run(0..<frames, threads: 3) == whole)
        #expect((0..<frames).flatMap { run($0..<$0 + 1, threads: 1) } == whole)
        #expect(run(0..<5, threads: 2) + run(5..<133, threads: 2) + run(133..<frames, threads: 2) == whole)
    }

    @Test("Only lengths with factors 2, 3 and 5 can be planned")
    func lengths() {
        for length in [0, 1, 7, 14, 21, 22, 401, 2 * 3 * 5 * 7, (1 << 20) + 1, 1 << 21, Int.max] {
            #expect(mien_fft_twiddle_count(length) == 0, "\(length)")
        }
        for length in Self.lengths + [1 << 20] { #expect(mien_fft_twiddle_count(length) > 0, "\(length)") }
    }
}
