import CInferenceKernels

@testable import InferenceCore

/// A small generator with a seed, so that a failure repeats (SplitMix64).
struct Random: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: Int) { state = UInt64(bitPattern: Int64(seed)) }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func values(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &self) }
    }

    mutating func tensor(_ shape: Shape, in range: ClosedRange<Float> = -1...1) -> Tensor {
        Tensor(shape: shape, values: values(shape.count, in: range))
    }

    /// Extents around whole vectors, where kernels have their tails.
    mutating func extent(_ lanes: Int, upTo limit: Int = 70) -> Int {
        let candidates = [1, 2, 3, 7, lanes - 1, lanes, lanes + 1, 2 * lanes + 1, 3 * lanes, Int.random(in: 1...limit, using: &self)]
        return max(1, min(candidates.randomElement(using: &self)!, limit))
    }
}

/// Every table of kernels that this machine can run.
let tables: [mien_kernels] = (0..<mien_available_count()).map { mien_available_kernels($0).pointee }
let tableNames = tables.map { String(cString: $0.name) }

func table(_ name: String) -> mien_kernels { tables[tableNames.firstIndex(of: name)!] }

/// The largest difference, relative to `scale`; infinite when one is NaN and the other is not.
func largestError(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { max($0, $1.0 == $1.1 || ($1.0.isNaN && $1.1.isNaN) ? 0 : abs($1.0 - $1.1).isNaN ? .infinity : abs($1.0 - $1.1)) }
}

func sameBits(_ a: [Tensor], _ b: [Tensor]) -> Bool {
    zip(a, b).allSatisfy { $0.shape == $1.shape && zip($0.values, $1.values).allSatisfy { $0.bitPattern == $1.bitPattern } } && a.count == b.count
}
