import CInferenceKernels
import Foundation
import Testing

@testable import InferenceCore

/// The operations over sequences on every set of kernels, against plain loops in double precision or against the scalar table.
@Suite("Sequences")
struct SequenceTests {
    @Test("GELU is within 1e-6 of the error function's, its approximation within 1e-6 of its formula", arguments: tableNames)
    func gelu(isa: String) {
        let x = stride(from: Float(-12), through: 12, by: 0.00097).map { $0 } + [-1e30, -100, -0.0, 0, 1e-30, 100]
        var y = [Float](repeating: 0, count: x.count)
        func largest(_ kind: mien_activation, _ wanted: (Double) -> Double) -> Double {
            table(isa).activate(&y, x, x.count, kind, 0, 0)
            return zip(x, y).map { abs(wanted(Double($0)) - Double($1)) / max(1, abs(Double($0)) / 4) }.max()!
        }
        #expect(largest(MIEN_GELU) { $0 / 2 * erfc(-$0 / 2.0.squareRoot()) } <= 5e-7)
        #expect(largest(MIEN_GELU_TANH) { $0 / 2 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) } <= 1e-6)
        table(isa).activate(&y, [.infinity, -.infinity, .nan], 3, MIEN_GELU, 0, 0)
        #expect(y[0] == .infinity && abs(y[1]) < 1e-36 && y[2].isNaN)
    }

    @Test("Layer normalisation agrees with the scalar one, also far from zero", arguments: tableNames)
    func layerNormalisation(isa: String) {
        for seed in 0..<100 {
            var random = Random(seed)
            let rows = random.extent(3, upTo: 9), channels = random.extent(table(isa).lanes, upTo: 400), centre: Float = seed % 2 == 0 ? 0 : 100
            let x = random.values(rows * channels, in: centre - 1...centre + 1), scale = random.values(channels), shift = random.values(channels)
            func run(_ kernels: mien_kernels) -> [Float] {
                var y = [Float](repeating: 9, count: rows * channels + 1)
                kernels.layer_norm(&y, x, scale, shift, rows, channels, 1e-5)
                return y
            }
            // Deviations of about 0.6: an error in the mean, of a rounding of 100, is divided by that. A single channel has none.
            #expect(largestError(run(table(isa)), run(tables[0])) <= (seed % 2 == 0 ? 4e-6 : 5e-5), "\(isa) seed \(seed)")
        }
    }

    /// Plain attention in double precision; x is `[rows, heads * head]`.
    private func attention(_ q: [Float], _ k: [Float], _ v: [Float], clips: Int, queries: Int, keys: Int, heads: Int, head: Int) -> [Float] {
        let width = heads * head
        var result = [Float](repeating: 0, count: clips * queries * width)
        for clip in 0..<clips {
            for h in 0..<heads {
                for i in 0..<queries {
                    let row = (clip * queries + i) * width + h * head
                    let scores = (0..<keys).map { j in
                        (0..<head).reduce(0.0) { $0 + Double(q[row + $1]) * Double(k[(clip * keys + j) * width + h * head + $1]) } / Double(head).squareRoot()
                    }
                    let weights = scores.map { exp($0 - scores.max()!) }, total = weights.reduce(0, +)
                    for c in 0..<head {
                        result[row + c] = Float((0..<keys).reduce(0.0) { $0 + weights[$1] * Double(v[(clip * keys + $1) * width + h * head + c]) } / total)
                    }
                }
            }
        }
        return result
    }

    private func attend(
        _ q: [Float], _ k: [Float], _ v: [Float], clips: Int, queries: Int, keys: Int, heads: Int, head: Int, on processor: Processor
    ) -> [Float] {
        let width = heads * head, attention = Attention(heads: heads, head: head, on: processor)
        var y = [Float](repeating: 0, count: clips * queries * width)
        Workspace(on: processor).run(count: attention.packedCount(clips: clips, keys: keys), scratch: attention.scratchCount) { machine, packed in
            attention.pack(clips: clips, keys: keys, k: k, v: v, pitch: width, to: packed, on: machine)
            y.withUnsafeMutableBufferPointer {
                attention.attend(clips: clips, queries: queries, q: q, pitch: width, keys: keys, packed: packed, to: $0.baseAddress!, pitch: width, on: machine)
            }
        }
        return y
    }

    /// Bound: scores of up to 30 have roundings of 2e-6, which a weight then has relative to itself.
    @Test("Attention of any head, number of queries and of keys", arguments: tableNames)
    func attention(isa: String) {
        let pool = WorkerPool(threads: 2)
        for (seed, (heads, head, queries, keys)) in [(1, 64, 97, 241), (2, 72, 3, 480), (3, 80, 1, 7), (4, 16, 150, 150), (1, 1, 5, 1), (2, 7, 2, 719)].enumerated() {
            var random = Random(seed)
            let width = heads * head, clips = 2
            let q = random.values(clips * queries * width, in: -3...3), k = random.values(clips * keys * width, in: -3...3), v = random.values(clips * keys * width)
            let y = attend(q, k, v, clips: clips, queries: queries, keys: keys, heads: heads, head: head, on: Processor(kernels: table(isa), pool: pool))
            let wanted = attention(q, k, v, clips: clips, queries: queries, keys: keys, heads: heads, head: head)
            #expect(largestError(y, wanted) <= 1e-5, "\(isa) \(heads) heads of \(head), \(queries) queries, \(keys) keys")
        }
    }

    @Test("Scores of hundreds, and a maximum that comes last, do no harm to the softmax", arguments: tableNames)
    func steepScores(isa: String) {
        let keys = 700, processor = Processor(kernels: table(isa), pool: .shared)
        let k = (0..<keys).map { Float($0) - 350 }, v = (0..<keys).map { Float($0) }
        // One head of one channel: the weights of neighbours are e apart, so all but the last dozen vanish.
        let y = attend([1, -1, 0], k, v, clips: 1, queries: 3, keys: keys, heads: 1, head: 1, on: processor)
        let tail = (0..<50).map { exp(-Double($0)) }, offset = (0..<50).reduce(0.0) { $0 + Double($1) * tail[$1] } / tail.reduce(0, +)
        #expect(abs(Double(y[0]) - (699 - offset)) < 1e-3)
        #expect(abs(Double(y[1]) - offset) < 1e-3)
        #expect(abs(y[2] - 349.5) < 1e-2)
        #expect(attend([.nan], k, v, clips: 1, queries: 1, keys: keys, heads: 1, head: 1, on: processor)[0].isNaN)
    }

    @Test("A convolution over time, with strides, positions and activation", arguments: tableNames)
    func convolution(isa: String) {
        let processor = Processor(kernels: table(isa), pool: .shared)
        for (seed, (length, inputs, outputs, taps, step)) in [(7, 5, 9, 3, 1), (8, 5, 9, 3, 2), (101, 16, 33, 3, 2), (1, 3, 2, 5, 1), (250, 4, 17, 1, 3)].enumerated() {
            var random = Random(seed)
            let x = random.values(length * inputs), weights = random.values(outputs * inputs * taps), bias = random.values(outputs)
            let op = Convolution1D(weights: weights, bias: bias, outputs: outputs, taps: taps, stride: step, activation: .gelu, on: processor)
            let rows = op.outputLength(length), added = random.values(rows * outputs), zeros = [Float](repeating: 0, count: op.padding * inputs)
            var y = [Float](repeating: 0, count: rows * outputs)
            Workspace(on: processor).run(count: 0, scratch: 0) { machine, _ in
                y.withUnsafeMutableBufferPointer { op.run(length, zeros + x + zeros, to: $0.baseAddress!, adding: added, on: machine) }
            }
            for row in 0..<rows {
                for output in 0..<outputs {
                    var sum = Double(bias[output])
                    for tap in 0..<taps where (0..<length).contains(row * step + tap - taps / 2) {
                        for input in 0..<inputs { sum += Double(x[(row * step + tap - taps / 2) * inputs + input]) * Double(weights[(output * inputs + input) * taps + tap]) }
                    }
                    let wanted = sum / 2 * erfc(-sum / 2.0.squareRoot()) + Double(added[row * outputs + output])
                    #expect(abs(Double(y[row * outputs + output]) - wanted) < 2e-5, "\(isa) case \(seed), row \(row)")
                }
            }
        }
    }

    /// Wider than a part of the feed-forward layers, so that parts are added up.
    @Test("A linear layer and a feed-forward pair", arguments: tableNames)
    func feedForward(isa: String) {
        let processor = Processor(kernels: table(isa), pool: .shared), rows = 5, width = 19, hidden = 400
        var random = Random(3)
        let x = random.values(rows * width), y = random.values(rows * width)
        let up = (random.values(hidden * width), random.values(hidden)), down = (random.values(width * hidden), random.values(width))
        let pair = FeedForward(up: up, down: down, activation: .gelu, on: processor), single = Linear(weights: up.0, bias: up.1, outputs: hidden, activation: .relu, on: processor)
        var sum = y, alone = [Float](repeating: 0, count: rows * hidden)
        Workspace(on: processor).run(count: 0, scratch: pair.scratchCount) { machine, _ in
            sum.withUnsafeMutableBufferPointer { pair.apply(rows, x, ofMany: true, addingTo: $0.baseAddress!, scratch: machine.scratch(slot: 0), processor.kernels) }
            alone.withUnsafeMutableBufferPointer { single.run(rows, x, to: $0.baseAddress!, on: machine) }
        }
        for row in 0..<rows {
            let middle = (0..<hidden).map { h in (0..<width).reduce(Double(up.1[h])) { $0 + Double(up.0[h * width + $1]) * Double(x[row * width + $1]) } }
            for h in 0..<hidden { #expect(abs(Double(alone[row * hidden + h]) - max(middle[h], 0)) < 1e-5) }
            let active = middle.map { $0 / 2 * erfc(-$0 / 2.0.squareRoot()) }
            for c in 0..<width {
                let wanted = (0..<hidden).reduce(Double(y[row * width + c]) + Double(down.1[c])) { $0 + Double(down.0[c * hidden + $1]) * active[$1] }
                #expect(abs(Double(sum[row * width + c]) - wanted) < 1e-4)
            }
        }
    }
}
