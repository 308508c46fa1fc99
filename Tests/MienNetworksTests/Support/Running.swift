import CInferenceKernels
@testable import InferenceCore
import MienNetworks
import Testing

/// Every set of kernels that this machine has, by name.
let instructionSets: [String] = Kernels.available

/// Runs `graph` on one set of kernels; inputs and results by name.
func run(_ graph: Graph, _ inputs: [String: Tensor], on instructionSet: String) throws -> [String: Tensor] {
    let index = try #require(instructionSets.firstIndex(of: instructionSet))
    let kernels = mien_available_kernels(index).pointee
    let compiled = try CompiledGraph(graph, options: CompiledGraph.Options(), pool: .shared, kernels: kernels)
    let tensors = try compiled.inputNames.map { try #require(inputs[$0], "input \($0)") }
    return Dictionary(uniqueKeysWithValues: zip(compiled.outputNames, try compiled.run(tensors)))
}

/// Largest absolute difference; infinite where either is NaN.
func difference(_ values: [Float], _ expected: [Float]) -> Float {
    guard values.count == expected.count else { return .infinity }
    return zip(values, expected).reduce(0) { worst, pair in
        let distance = abs(pair.0 - pair.1)
        return distance.isNaN ? .infinity : max(worst, distance)
    }
}

/// Root mean square of the difference over that of what is expected; infinite for different counts.
func drift(_ values: [Float], _ wanted: [Float]) -> Double {
    let error = zip(values, wanted).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
    return values.count == wanted.count ? (error / wanted.reduce(0.0) { $0 + Double($1 * $1) }).squareRoot() : .infinity
}

extension Safetensors {
    /// A stored F32 tensor as a tensor of the core.
    func coreTensor(_ name: String) throws -> Tensor {
        Tensor(shape: try tensor(named: name).shape, values: try floats(named: name))
    }
}

/// From `[n, c, h, w]` to `[n, h, w, c]`.
func channelsLast(_ values: [Float], _ shape: Shape) -> Tensor {
    let (n, c, h, w) = (shape[0], shape[1], shape[2], shape[3])
    var result = [Float](repeating: 0, count: values.count)
    for i in 0..<n {
        for channel in 0..<c {
            for pixel in 0..<h * w { result[(i * h * w + pixel) * c + channel] = values[(i * c + channel) * h * w + pixel] }
        }
    }
    return Tensor(shape: Shape([n, h, w, c]), values: result)
}
