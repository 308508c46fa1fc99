import CInferenceKernels
import Testing

@testable import InferenceCore

/// Packed weights in memory in place of a file.
struct MemorySink: PackedPieceSink {
    var bytes: [UInt8] = []

    mutating func append(_ piece: UnsafeRawBufferPointer) {
        bytes += piece
        while bytes.count % PackedPieces.alignment != 0 { bytes.append(0) }
    }

    /// Cut after so many bytes.
    func pieces(_ count: Int? = nil) -> PackedPieces {
        let memory = AlignedStorage(count: (bytes.count + 3) / 4)
        UnsafeMutableRawPointer(memory.pointer).copyMemory(from: bytes, byteCount: bytes.count)
        return PackedPieces(UnsafeRawBufferPointer(start: memory.pointer, count: count ?? bytes.count), owner: memory)
    }
}

@Suite("packed weights")
struct PackingTests {
    static let cases = tables.map { String(cString: $0.name) }.flatMap { isa in Precision.allCases.map { (isa, $0) } }

    private func perceptron(_ inputs: Int, _ widths: [Int], _ random: inout Random) -> [Perceptron.Layer] {
        zip([inputs] + widths, widths).map { inputs, outputs in
            let size = 2 / Float(inputs).squareRoot()
            return (random.values(inputs * outputs, in: -size...size), random.values(outputs, in: -0.1...0.1))
        }
    }

    private func exact(_ layers: [Perceptron.Layer], _ x: ArraySlice<Float>) -> Double {
        var values = x.map(Double.init)
        for (index, layer) in layers.enumerated() {
            let count = values.count
            values = layer.bias.indices.map { row in
                let sum = layer.weights[row * count..<(row + 1) * count].enumerated().reduce(Double(layer.bias[row])) { $0 + Double($1.element) * values[$1.offset] }
                return index == layers.count - 1 ? sum : max(sum, 0)
            }
        }
        return values[0]
    }

    /// Bounds, relative to the scores' size of about 1: f32 a few roundings; f16 2^-11 of each weight, which average out; int8 a hundredth.
    @Test("perceptrons give what plain loops give, on any number of threads, and the same again from what was written", arguments: cases)
    func perceptrons(_ isa: String, _ precision: Precision) throws {
        let pool = WorkerPool(threads: 3), bound: Double = switch precision { case .f32: 2e-5; case .f16: 4e-3; case .int8: 6e-2 }
        for (inputs, rows) in [(1, 1), (37, 3), (8192, 2), (8193, 1), (150_001, 1), (20_000, 5)] {
            var random = Random(inputs)
            let networks = [[7, 5, 1], [1], [300, 257, 9, 1]].map { perceptron(inputs, $0, &random) }
            let x = random.values(rows * inputs)
            func results(_ threads: Int, _ make: (Int, Processor) throws -> Perceptron) rethrows -> [Float] {
                let processor = Processor(kernels: table(isa), threads: threads, precision: precision, pool: pool)
                return try Perceptrons(networks.indices.map { try make($0, processor) }, on: processor).run(rows, x)
            }
            let one = results(1) { Perceptron(networks[$0], on: $1) }, three = results(3) { Perceptron(networks[$0], on: $1) }
            #expect(one == three)
            for row in 0..<rows {
                for (index, layers) in networks.enumerated() {
                    let wanted = exact(layers, x[row * inputs..<(row + 1) * inputs]), got = Double(one[row * networks.count + index])
                    #expect(abs(got - wanted) <= bound, "\(inputs) inputs, row \(row), network \(index): \(got), wanted \(wanted)")
                }
            }
            let again = try results(2) { index, processor in
                var sink = MemorySink()
                try Perceptron(networks[index], on: processor).write(to: &sink)
                var pieces = sink.pieces()
                let read = try Perceptron(&pieces, inputs: inputs, widths: networks[index].map(\.bias.count), on: processor)
                try pieces.finish()
                return read
            }
            #expect(again == one)
        }
    }

    @Test("one row's result does not depend on the others of a call", arguments: cases)
    func rows(_ isa: String, _ precision: Precision) {
        let processor = Processor(kernels: table(isa), precision: precision, pool: .shared), inputs = 9000
        var random = Random(2)
        let network = Perceptrons([Perceptron(perceptron(inputs, [9, 1], &random), on: processor)], on: processor)
        let x = random.values(4 * inputs), all = network.run(4, x)
        for row in 0..<4 { #expect(network.run(1, Array(x[row * inputs..<(row + 1) * inputs])) == [all[row]]) }
        #expect(network.run(0, []) == [])
    }

    @Test("a transformer block is the same again from what was written", arguments: cases)
    func block(_ isa: String, _ precision: Precision) throws {
        let processor = Processor(kernels: table(isa), precision: precision, pool: .shared), width = 21, hidden = 400, length = 11
        var random = Random(3)
        func numbers(_ count: Int) -> [Float] { random.values(count, in: -0.3...0.3) }
        let weights = TransformerBlock.Weights(
            attentionNorm: (numbers(width), numbers(width)), projections: (numbers(3 * width * width), numbers(3 * width)),
            attentionOutput: (numbers(width * width), numbers(width)), feedForwardNorm: (numbers(width), numbers(width)),
            up: (numbers(hidden * width), numbers(hidden)), down: (numbers(width * hidden), numbers(width)))
        let block = TransformerBlock(weights, heads: 3, activation: .geluTanh, epsilon: 1e-6, on: processor)
        var sink = MemorySink()
        try block.write(to: &sink)
        var pieces = sink.pieces()
        let read = try TransformerBlock(&pieces, width: width, hidden: hidden, heads: 3, activation: .geluTanh, epsilon: 1e-6, on: processor)
        try pieces.finish()
        let x = numbers(length * width)
        func run(_ block: TransformerBlock) -> [Float] {
            var y = x
            Workspace(on: processor).run(count: block.memoryCount(clips: 1, length: length), scratch: block.scratchCount) { machine, memory in
                y.withUnsafeMutableBufferPointer { block.run($0.baseAddress!, clips: 1, length: length, memory: memory, on: machine) }
            }
            return y
        }
        #expect(run(block) == run(read))
    }

    @Test("weights that end early, or go on, are refused")
    func wrongLength() throws {
        var random = Random(4)
        let processor = Processor(), network = Perceptron(perceptron(100, [3, 1], &random), on: processor)
        var sink = MemorySink()
        try network.write(to: &sink)
        for count in [0, 64, sink.bytes.count - 64] {
            #expect(throws: InferenceError.self) {
                var pieces = sink.pieces(count)
                _ = try Perceptron(&pieces, inputs: 100, widths: [3, 1], on: processor)
            }
        }
        sink.append(UnsafeRawBufferPointer(start: nil, count: 0))
        sink.bytes += [UInt8](repeating: 0, count: 64)
        var pieces = sink.pieces()
        _ = try Perceptron(&pieces, inputs: 100, widths: [3, 1], on: processor)
        #expect(throws: InferenceError.self) { try pieces.finish() }
    }
}
