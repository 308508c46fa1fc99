import CInferenceKernels
import Testing

@testable import InferenceCore

/// Networks whose products are of 8-bit numbers. What the products themselves compute is checked by Scripts/check-kernels, to the last place.
@Suite("8-bit products")
struct QuantizedTests {
    /// Root mean square of the difference over that of what is wanted.
    private func drift(_ values: [Float], from wanted: [Float]) -> Double {
        let error = zip(values, wanted).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
        return (error / wanted.reduce(0.0) { $0 + Double($1 * $1) }).squareRoot()
    }

    private func linear(_ isa: String, _ precision: Precision, rows: Int, inputs: Int, outputs: Int, _ x: [Float], _ weights: [Float], _ bias: [Float]) -> [Float] {
        let processor = Processor(kernels: table(isa), precision: precision, pool: .shared)
        let layer = Linear(weights: weights, bias: bias, outputs: outputs, activation: .gelu, on: processor)
        var y = [Float](repeating: 0, count: rows * outputs)
        Workspace(on: processor).run(count: 0, scratch: layer.scratchCount) { machine, _ in
            y.withUnsafeMutableBufferPointer { layer.run(rows, x, to: $0.baseAddress!, on: machine) }
        }
        return y
    }

    /// A factor for each row must not matter: every row has a scale of its own.
    @Test("A linear layer stays within a hundredth or so of f32, whatever the size of a row", arguments: tableNames)
    func linear(isa: String) {
        for seed in 0..<20 {
            var random = Random(seed)
            let rows = random.extent(96, upTo: 200), inputs = 32 + random.extent(table(isa).lanes, upTo: 300), outputs = random.extent(table(isa).lanes, upTo: 120)
            let sizes = (0..<rows).map { Float([0.01, 1, 100][$0 % 3]) }
            let x = random.values(rows * inputs).enumerated().map { $1 * sizes[$0 / inputs] }
            let weights = random.values(outputs * inputs), bias = [Float](repeating: 0, count: outputs)
            func run(_ precision: Precision) -> [Float] { linear(isa, precision, rows: rows, inputs: inputs, outputs: outputs, x, weights, bias) }
            let wanted = run(.f32), found = run(.int8)
            for row in 0..<rows {
                let columns = row * outputs..<(row + 1) * outputs, size = Double(sizes[row]) * Double(inputs).squareRoot() / 3
                let error = zip(found[columns], wanted[columns]).map { abs(Double($0 - $1)) }.max()!
                #expect(error < 0.06 * size, "\(isa) seed \(seed), row \(row)")
            }
        }
    }

    /// A block with two clips: against f32, and the same to the last bit on any number of threads and for each clip alone.
    @Test("A transformer block", arguments: tableNames)
    func block(isa: String) {
        block(isa, width: 64, heads: 4, length: 150)
        // Heads that are not whole tiles, queries that are not whole groups of any table, and more than one block of keys.
        block(isa, width: 144, heads: 2, length: 77)
        block(isa, width: 40, heads: 1, length: 411)
    }

    private func block(_ isa: String, width: Int, heads: Int, length: Int) {
        var random = Random(5)
        let hidden = 400, spread: ClosedRange<Float> = -0.2...0.2
        let weights = TransformerBlock.Weights(
            attentionNorm: (random.values(width, in: 0.5...2), random.values(width)), projections: (random.values(3 * width * width, in: spread), random.values(3 * width)),
            attentionOutput: (random.values(width * width, in: spread), random.values(width)), feedForwardNorm: (random.values(width, in: 0.5...2), random.values(width)),
            up: (random.values(hidden * width, in: spread), random.values(hidden)), down: (random.values(width * hidden, in: spread), random.values(width)))
        let x = random.values(2 * length * width, in: -2...2), pool = WorkerPool(threads: 2)
        func run(_ precision: Precision, threads: Int = 2, clips: Range<Int> = 0..<2) -> [Float] {
            let processor = Processor(kernels: table(isa), threads: threads, precision: precision, pool: pool)
            let block = TransformerBlock(weights, heads: heads, activation: .gelu, epsilon: 1e-5, on: processor)
            var values = Array(x[clips.lowerBound * length * width..<clips.upperBound * length * width])
            Workspace(on: processor).run(count: block.memoryCount(clips: clips.count, length: length), scratch: block.scratchCount) { machine, memory in
                values.withUnsafeMutableBufferPointer { block.run($0.baseAddress!, clips: clips.count, length: length, memory: memory, on: machine) }
            }
            return values
        }
        let found = run(.int8)
        #expect(drift(found, from: run(.f32)) < 0.02, "\(isa), width \(width)")
        #expect(found == run(.int8, threads: 1), "\(isa), width \(width)")
        #expect(Array(found[(length * width)...]) == run(.int8, clips: 1..<2), "\(isa), width \(width)")
    }
}
