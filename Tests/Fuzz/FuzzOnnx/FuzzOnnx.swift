import InferenceCore
import MienNetworks

/// libFuzzer's entry: any bytes are a model that the core can plan, or an error. Small models are run as well.
@c(LLVMFuzzerTestOneInput)
public func fuzzOnnx(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let file = MappedFile(copying: UnsafeRawBufferPointer(start: data, count: size))
    guard let model = try? OnnxModel(file), let compiled = try? CompiledGraph(model.graph, options: .init(threads: 1)) else { return 0 }
    let shapes = model.graph.inputs.map { input in input.rank == 4 ? Shape([1, 6, 5, input.channels]) : Shape([1, input.channels]) }
    guard shapes.allSatisfy({ $0.count < 10_000 }), let outputs = try? compiled.outputShapes(for: shapes) else { return 0 }
    // A chain of operations that enlarge grows without bound within the rules; planning it is enough.
    let products = model.graph.nodes.count { if case .matrixProduct = $0.operation { true } else { false } }
    let enlarges = model.graph.nodes.contains { node in
        switch node.operation {
        case .upsample(let factor, _): factor > 4
        case .resize(let height, let width): height > 64 || width > 64
        default: false
        }
    }
    guard model.graph.nodes.count < 24, products < 2, !enlarges, outputs.allSatisfy({ $0.count < 100_000 }) else { return 0 }
    _ = try? compiled.run(shapes.map { Tensor(shape: $0) })
    return 0
}
