internal import CInferenceKernels
internal import Synchronization

/// A network ready to run: weights packed for this processor, operations fused, memory planned for each shape of input.
///
/// Batch, height and width are free with every run. Results do not depend on the number of threads or on what else is in the batch, to
/// the last bit. Runs may overlap.
package final class CompiledGraph: Sendable {
    package struct Options: Sendable {
        /// Join operations. Off only to compare with.
        package var fuses = true
        /// At most so many threads of the pool work on one run.
        package var threads = Int.max

        package init(fuses: Bool = true, threads: Int = .max) {
            self.fuses = fuses
            self.threads = threads
        }
    }

    /// Time of one fused operation in one run.
    package struct NodeTime: Sendable {
        /// Names of the graph's nodes in it, joined by "+".
        package let name: String
        package let shape: Shape
        package let seconds: Double
    }

    private let inputs: [Graph.Input]
    private let outputs: [(name: String, value: Int)]
    private let stages: [(stage: Stage, layer: any Layer)]
    private let kernels: mien_kernels
    private let pool: WorkerPool
    private let threads: Int
    private let plans = Mutex<[(key: [Shape], plan: Plan)]>([])
    private let arenas = ArenaPool(kept: 2)
    /// Plans are small; a caller with ever new picture sizes only pays for planning again.
    private static let plansKept = 16

    /// - Throws: `InferenceError` naming the node whose parameters do not fit together.
    package convenience init(_ graph: Graph, options: Options = Options(), pool: WorkerPool = .shared) throws(InferenceError) {
        try self.init(graph, options: options, pool: pool, kernels: Kernels.table)
    }

    init(_ graph: Graph, options: Options, pool: WorkerPool, kernels: mien_kernels) throws(InferenceError) {
        inputs = graph.inputs
        outputs = graph.outputs.map { ($0.name, $0.value.id) }
        self.kernels = kernels
        self.pool = pool
        threads = max(1, min(options.threads, pool.threads))
        var made: [(Stage, any Layer)] = []
        for var stage in Fusion.stages(of: graph, enabled: options.fuses) {
            do throws(InferenceError) {
                made.append((stage, try stage.makeLayer(kernels)))
            } catch {
                throw InferenceError(node: stage.name, error.message)
            }
            // The layer has its own copy of the weights.
            stage.kind = .add(nil)
            made[made.count - 1].0 = stage
        }
        stages = made
    }

    package var inputNames: [String] { inputs.map(\.name) }
    package var outputNames: [String] { outputs.map(\.name) }

    /// Shapes of the outputs for inputs of the given shapes, without running.
    package func outputShapes(for shapes: [Shape]) throws(InferenceError) -> [Shape] {
        let plan = try plan(for: shapes)
        return outputs.map { plan.shapes[$0.value]! }
    }

    /// Runs the network.
    ///
    /// - Parameter tensors: one for each input, in the graph's order: `[batch, height, width, channels]` or `[batch, features]`.
    /// - Returns: One tensor for each output, in the graph's order.
    /// - Throws: `InferenceError` when a shape does not fit, naming the input or the node.
    package func run(_ tensors: [Tensor]) throws(InferenceError) -> [Tensor] {
        try run(tensors) { _, layer, inputs, outputs, machine in layer.run(inputs, outputs, on: machine) }
    }

    /// Runs the network and measures each operation.
    package func profile(_ tensors: [Tensor]) throws(InferenceError) -> (outputs: [Tensor], times: [NodeTime]) {
        var times: [NodeTime] = []
        let clock = ContinuousClock()
        let results = try run(tensors) { stage, layer, inputs, outputs, machine in
            let elapsed = clock.measure { layer.run(inputs, outputs, on: machine) }
            let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
            times.append(NodeTime(name: stage.name, shape: outputs[0].shape, seconds: seconds))
        }
        return (results, times)
    }

    /// Lets go of working memory that is kept for the next run.
    package func releaseMemory() { arenas.removeAll() }

    private func run(
        _ tensors: [Tensor], each: (Stage, any Layer, [TensorView], [MutableTensorView], Machine) -> Void
    ) throws(InferenceError) -> [Tensor] {
        let plan = try plan(for: tensors.map(\.shape))
        let results = outputs.map { Tensor(uninitialized: plan.shapes[$0.value]!) }
        let arena = arenas.take(count: plan.arenaCount)
        defer { arenas.give(arena) }
        func pointer(_ value: Int) -> UnsafeMutablePointer<Float> {
            switch plan.places[value]! {
            case .input(let index): tensors[index].base
            case .output(let index): results[index].base
            case .arena(let offset): arena.pointer + offset
            }
        }
        let machine = Machine(
            kernels: kernels, pool: pool, threads: threads, scratch: arena.pointer + plan.valueCount, scratchCount: plan.scratchCount)
        for (stage, layer) in stages where !(layer is any RenamingLayer) {
            let inputs = stage.allInputs.map { TensorView(shape: plan.shapes[$0]!, pointer: pointer($0)) }
            let output = MutableTensorView(shape: plan.shapes[stage.output]!, pointer: pointer(stage.output))
            each(stage, layer, inputs, [output], machine)
        }
        // An output that is an input, or the same value as another output, was made elsewhere.
        for (index, output) in outputs.enumerated() {
            let made = pointer(output.value)
            if made != results[index].base { results[index].base.update(from: made, count: results[index].count) }
        }
        return withExtendedLifetime(tensors) { results }
    }

    private func plan(for shapes: [Shape]) throws(InferenceError) -> Plan {
        if let plan = plans.withLock({ plans in plans.first { $0.key == shapes }?.plan }) { return plan }
        guard shapes.count == inputs.count else { throw InferenceError("needs \(inputs.count) inputs, got \(shapes.count)") }
        for (input, shape) in zip(inputs, shapes) {
            guard shape.rank == input.rank, shape[input.rank - 1] == input.channels else {
                let wanted = input.rank == 4 ? "[batch, height, width, \(input.channels)]" : "[batch, \(input.channels)]"
                throw InferenceError(node: input.name, "needs an input of shape \(wanted), got \(shape)")
            }
        }
        let plan = try Plan(stages, inputs: zip(inputs, shapes).map { ($0.value.id, $1) }, outputs: outputs.map(\.value), threads: threads)
        plans.withLock { plans in
            if plans.count >= Self.plansKept { plans.removeFirst() }
            plans.append((shapes, plan))
        }
        return plan
    }
}
