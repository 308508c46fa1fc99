import CPeak
import InferenceCore

/// `mien-bench heads KIND COUNT ROWS THREADS REPEATS PRECISION`: so many heads of a kind, with random weights, on so many rows. All heads have the same
/// weights, each in memory of its own: time depends on neither.
func benchmarkHeads(_ kind: String, count: Int, rows: Int, threads: Int, repeats: Int, precision: String) throws {
    let extents: [String: (inputs: Int, widths: [Int])] = [
        "voice": (1500 * 768, [64, 64, 32, 16, 1]), "pooled": (4 * 768, [64, 64, 32, 16, 1]), "face": (1152, [1024, 512, 256, 1]),
    ]
    guard let (inputs, widths) = extents[kind] else { fail("\(kind) is not voice, pooled or face") }
    guard let precision = Precision(rawValue: precision) else { fail("\(precision) is no precision") }
    let processor = Processor(threads: threads, precision: precision)
    var state: UInt32 = 1
    // SystemRandomNumberGenerator would take minutes for a hundred million numbers.
    func numbers(_ count: Int, _ size: Float) -> [Float] {
        (0..<count).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return (Float(state >> 8) / Float(1 << 23) - 1) * size
        }
    }
    let layers = zip([inputs] + widths, widths).map { (numbers($0 * $1, 1 / Float($0).squareRoot()), numbers($1, 0.1)) }
    let heads = Perceptrons((0..<count).map { _ in Perceptron(layers, on: processor) }, on: processor), x = numbers(rows * inputs, 1)
    answerTimes(repeats: repeats) { _ = heads.run(rows, x) }
}

/// `mien-bench peak THREADS`: what this processor can do, as a line of JSON.
func measurePeak(threads: Int) {
    let kinds = [("f32", MIEN_PEAK_F32), ("f16", MIEN_PEAK_F16), ("int8", MIEN_PEAK_INT8), ("read", MIEN_PEAK_READ)]
    print("{" + kinds.map { "\"\($0)\": \(mien_peak($1, Int32(threads)))" }.joined(separator: ", ") + "}")
}
