import InferenceCore
import MienNetworks

/// libFuzzer's entry: any bytes are a model that the core can plan, or an error. Small models are run as well.
@c(LLVMFuzzerTestOneInput)
public func fuzzOnnx(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let file = MappedFile(copying: UnsafeRawBufferPointer(start: data, count: size))
    guard let model = try? OnnxModel(file), let compiled = try? CompiledGraph(model.graph, options: .init(threads: 1)) else { return 0 }
    let shapes = model.graph.inputs.map { input in input.rank == 4 ? Shape([1, 6, 5, input.channels]) : Shape([1, input.channels]) }
    guard shapes.allSatisfy({ $0.count < 10_000 }), let outputs = try? compiled.outputShapes(for: shapes) else { return 0 }
    // A chain of upsampling grows without bound within the rules; planning it is enough.
    let upsamples = model.graph.nodes.contains { node in if case .upsample(let factor, _) = node.operation { factor > 4 } else { false } }
    guard model.graph.nodes.count < 16, !upsamples, outputs.allSatisfy({ $0.count < 100_000 }) else { return 0 }
    _ = try? compiled.run(shapes.map { Tensor(shape: $0) })
    return 0
}
