internal import CInferenceKernels

/// Logarithms of filtered power spectra of overlapping frames: `log10(max(least, filters * |FFT(window * frame)|^2))`.
///
/// A frame's result depends on its samples only, to the bit: not on its neighbours, nor on how the frames are cut into calls or threads.
package final class LogSpectrum: Sendable {
    /// Samples of a frame: 2^a 3^b 5^c, at least 2.
    package let length: Int
    /// Samples from the start of one frame to that of the next.
    package let hop: Int
    /// Values for each frame.
    package let filterCount: Int

    private let window: AlignedStorage
    private let twiddles: AlignedStorage
    private let fft: mien_fft
    private let weights: [Float]
    private let first: [UInt32]
    private let widths: [UInt32]
    private let least: Float
    private let kernels: mien_kernels

    /// Frames that one thread works on at a time; a multiple of every kernel's lanes.
    private static let share = 128

    /// Plans the computation.
    ///
    /// - Parameters:
    ///   - window: One factor for each sample of a frame.
    ///   - filters: `[filters][window.count / 2 + 1]` weights of the powers; zeros at the ends of a filter cost nothing.
    ///   - least: What smaller sums count as; positive and not subnormal.
    package convenience init(window: [Float], hop: Int, filters: [[Float]], least: Float) {
        self.init(window: window, hop: hop, filters: filters, least: least, kernels: Kernels.table)
    }

    init(window: [Float], hop: Int, filters: [[Float]], least: Float, kernels: mien_kernels) {
        let twiddleCount = mien_fft_twiddle_count(window.count)
        precondition(twiddleCount > 0, "no FFT of \(window.count) points")
        precondition(hop > 0 && least.isNormal && least > 0, "a hop of \(hop), a least sum of \(least)")
        precondition(filters.allSatisfy { $0.count == window.count / 2 + 1 }, "filters have a weight for each of \(window.count / 2 + 1) bins")
        length = window.count
        self.hop = hop
        filterCount = filters.count
        self.window = AlignedStorage(window)
        twiddles = AlignedStorage(count: twiddleCount)
        var fft = mien_fft()
        mien_fft_plan(&fft, window.count, twiddles.pointer)
        self.fft = fft
        let ranges = filters.map { filter in
            guard let first = filter.firstIndex(where: { $0 != 0 }), let last = filter.lastIndex(where: { $0 != 0 }) else { return 0..<0 }
            return first..<last + 1
        }
        first = ranges.map { UInt32($0.lowerBound) }
        widths = ranges.map { UInt32($0.count) }
        weights = zip(filters, ranges).flatMap { $0[$1] }
        self.least = least
        self.kernels = kernels
    }

    /// Writes the logarithms of `frames` frames, `[frames, filterCount]` row-major; NaN where a sum is not finite.
    ///
    /// - Precondition: There are `(frames - 1) * hop + length` samples (none without frames), and the target has room.
    package func run(_ samples: UnsafeBufferPointer<Float>, frames: Int, to target: UnsafeMutableBufferPointer<Float>, pool: WorkerPool = .shared) {
        precondition(frames >= 0 && target.count == frames * filterCount, "\(frames) frames of \(filterCount) values fill the target")
        guard frames > 0, filterCount > 0 else { return }
        precondition(samples.count >= length && frames - 1 <= (samples.count - length) / hop, "\(samples.count) samples hold \(frames) frames")
        let source = samples.baseAddress!, output = target.baseAddress!, share = Self.share
        pool.parallelFor((frames + share - 1) / share, threads: .max) { index, _ in
            run(source, index * share..<min((index + 1) * share, frames), to: output)
        }
        withExtendedLifetime(self) {}
    }

    private func run(_ source: UnsafePointer<Float>, _ frames: Range<Int>, to output: UnsafeMutablePointer<Float>) {
        let lanes = kernels.lanes, powers = (length / 2 + 1) * lanes, floats = powers + 2 * length * lanes
        withUnsafeTemporaryAllocation(byteCount: floats * MemoryLayout<Float>.stride, alignment: 64) { raw in
            let memory = raw.bindMemory(to: Float.self).baseAddress!
            first.withUnsafeBufferPointer { first in widths.withUnsafeBufferPointer { widths in weights.withUnsafeBufferPointer { weights in
                var bank = mien_filter_bank(filters: filterCount, first: first.baseAddress, widths: widths.baseAddress, weights: weights.baseAddress,
                                            least: least)
                var fft = fft
                for start in stride(from: frames.lowerBound, to: frames.upperBound, by: lanes) {
                    let count = min(lanes, frames.upperBound - start)
                    kernels.power_spectra(memory, source + start * hop, count, hop, window.pointer, &fft, memory + powers)
                    kernels.filter_logarithms(output + start * filterCount, memory, count, &bank)
                }
            } } }
        }
    }
}

extension UnsafeMutableBufferPointer<Float> {
    /// The largest value; NaN if any is not finite, -infinity if there are none.
    package func largest(pool: WorkerPool = .shared) -> Float {
        let share = 1 << 15, kernels = Kernels.table
        let tops = [Float](unsafeUninitializedCapacity: (count + share - 1) / share) { tops, filled in
            filled = (count + share - 1) / share
            let tops = tops.baseAddress
            pool.parallelFor(filled, threads: .max) { index, _ in
                tops![index] = kernels.largest(baseAddress! + index * share, Swift.min(share, count - index * share))
            }
        }
        return tops.reduce(-.infinity) { $0.isNaN || $1.isNaN ? .nan : Swift.max($0, $1) }
    }

    /// Replaces each value x by `max(x, least) * scale + shift`.
    package func floorAndScale(least: Float, scale: Float, shift: Float, pool: WorkerPool = .shared) {
        let share = 1 << 15, kernels = Kernels.table
        pool.parallelFor((count + share - 1) / share, threads: .max) { index, _ in
            let start = baseAddress! + index * share
            kernels.floor_scale(start, start, Swift.min(share, count - index * share), least, scale, shift)
        }
    }
}
