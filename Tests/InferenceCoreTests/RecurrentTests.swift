import CInferenceKernels
import Foundation
import Testing

@testable import InferenceCore

/// The LSTM and the convolution along time against plain loops in f64.
@Suite("Layers over time")
struct RecurrentTests {
    /// Bound: a gate sums inputs + units terms of at most 1 with one rounding each (6e-8 of a sum of at most their number / 4 or so), goes
    /// through functions whose slope is at most 1, and carries what earlier steps lost.
    @Test("The LSTM agrees with its formula", arguments: tableNames)
    func lstm(isa: String) {
        let kernels = table(isa)
        for seed in 0..<60 {
            var random = Random(seed)
            let inputs = random.extent(kernels.lanes), units = random.extent(kernels.lanes), steps = Int.random(in: 1...5, using: &random)
            let x = random.values(steps * inputs), weights = random.values(4 * units * inputs), recurrent = random.values(4 * units * units)
            let bias = random.values(4 * units, in: -2...2)
            let layer = LSTM(inputWeights: weights, recurrentWeights: recurrent, bias: bias, kernels: kernels)
            #expect(layer.inputs == inputs && layer.units == units && layer.gateCount == 4 * units)
            var state = layer.initialState
            let output = run(layer, x, steps: steps, &state)

            func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
            var h = [Double](repeating: 0, count: units), c = h, wanted: [Float] = []
            for step in 0..<steps {
                var a = bias.map(Double.init)
                for row in 0..<4 * units {
                    for k in 0..<inputs { a[row] += Double(weights[row * inputs + k]) * Double(x[step * inputs + k]) }
                    for k in 0..<units { a[row] += Double(recurrent[row * units + k]) * h[k] }
                }
                for unit in 0..<units {
                    c[unit] = sigmoid(a[units + unit]) * c[unit] + sigmoid(a[unit]) * tanh(a[2 * units + unit])
                    h[unit] = sigmoid(a[3 * units + unit]) * tanh(c[unit])
                }
                wanted += h.map(Float.init)
            }
            let terms = Float(inputs + units), bound = Float(steps) * (1e-6 + terms * 6e-8 * (terms / 4 + 3))
            #expect(largestError(output, wanted) <= bound, "\(isa) seed \(seed)")
            #expect(state.hidden == Array(output.suffix(units)))
            #expect(largestError(state.cell, c.map(Float.init)) <= 2 * bound, "\(isa) seed \(seed)")
        }
    }

    @Test("One step at a time gives the same bits as all at once", arguments: tableNames)
    func stepByStep(isa: String) {
        var random = Random(5)
        let (inputs, units, steps) = (37, 43, 21)
        let layer = LSTM(inputWeights: random.values(4 * units * inputs), recurrentWeights: random.values(4 * units * units),
                         bias: random.values(4 * units), kernels: table(isa))
        let x = random.values(steps * inputs)
        var together = layer.initialState, apart = layer.initialState
        let all = run(layer, x, steps: steps, &together)
        let each = (0..<steps).flatMap { run(layer, Array(x[$0 * inputs..<($0 + 1) * inputs]), steps: 1, &apart) }
        #expect(all == each)
        #expect(together == apart)
    }

    @Test("NaN in the input reaches every output")
    func notANumber() {
        var random = Random(6)
        let layer = LSTM(inputWeights: random.values(4 * 9 * 3), recurrentWeights: random.values(4 * 9 * 9), bias: random.values(36))
        var state = layer.initialState
        #expect(run(layer, [0, .nan, 0], steps: 1, &state).allSatisfy { $0.isNaN })
    }

    private func run(_ layer: LSTM, _ x: [Float], steps: Int, _ state: inout LSTM.State) -> [Float] {
        var gates = [Float](repeating: 0, count: steps * layer.gateCount), output = [Float](repeating: 0, count: steps * layer.units)
        gates.withUnsafeMutableBufferPointer { layer.computeGates(x, steps: steps, to: $0.baseAddress!) }
        output.withUnsafeMutableBufferPointer { layer.advance(&state, gates: gates, steps: steps, to: $0.baseAddress!) }
        return output
    }

    /// Bound: as of a sum of k terms of at most 1.
    @Test("The convolution along time agrees with its formula, and writes nothing else", arguments: tableNames)
    func convolution(isa: String) {
        let kernels = table(isa)
        for seed in 0..<80 {
            var random = Random(seed)
            let inputs = random.extent(kernels.lanes, upTo: 40), outputs = random.extent(kernels.lanes), taps = Int.random(in: 1...5, using: &random)
            let stride = Int.random(in: 1...3, using: &random), frames = Int.random(in: 1...9, using: &random), sequences = Int.random(in: 1...4, using: &random)
            let gap = Int.random(in: 0...5, using: &random), length = (frames - 1) * stride + taps
            let sourcePitch = length * inputs + gap, pitch = frames * outputs + gap
            let x = random.values(sequences * sourcePitch), weights = random.values(outputs * inputs * taps), bias = random.values(outputs)
            let activation: Activation? = [nil, .relu, .sigmoid][seed % 3]
            let layer = FrameConvolution(
                weights, bias: seed % 2 == 0 ? bias : nil, inputs: inputs, taps: taps, stride: stride, activation: activation, kernels: kernels)
            var y = [Float](repeating: 7, count: sequences * pitch)
            y.withUnsafeMutableBufferPointer {
                layer.run(x, sequences: sequences, sourcePitch: sourcePitch, frames: frames, to: $0.baseAddress!, destinationPitch: pitch)
            }
            var wanted = [Float](repeating: 7, count: y.count)
            for sequence in 0..<sequences {
                for frame in 0..<frames {
                    for output in 0..<outputs {
                        var sum = seed % 2 == 0 ? Double(bias[output]) : 0
                        for tap in 0..<taps {
                            for input in 0..<inputs {
                                let value = x[sequence * sourcePitch + (frame * stride + tap) * inputs + input]
                                sum += Double(value) * Double(weights[(output * inputs + input) * taps + tap])
                            }
                        }
                        if activation == .relu { sum = max(0, sum) }
                        if activation == .sigmoid { sum = 1 / (1 + exp(-sum)) }
                        wanted[sequence * pitch + frame * outputs + output] = Float(sum)
                    }
                }
            }
            let k = Float(inputs * taps)
            #expect(largestError(y, wanted) <= 1e-6 + k * k * 1.5e-8, "\(isa) seed \(seed)")
        }
    }

    @Test("Magnitudes agree with the scalar ones, and write nothing else", arguments: tableNames)
    func magnitude(isa: String) {
        for count in 1...70 {
            var random = Random(count)
            let re = random.values(count), im = random.values(count)
            var y = [Float](repeating: 123, count: count + 1)
            y.withUnsafeMutableBufferPointer { table(isa).magnitude($0.baseAddress, re, im, count) }
            let wanted = zip(re, im).map { Float(hypot(Double($0), Double($1))) }
            #expect(largestError(y, wanted + [123]) <= 2e-7)
        }
    }
}
